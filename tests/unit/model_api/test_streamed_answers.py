from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from llmops.domain.call import CallFailure, Listener, ModelRequest
from llmops.model_api.answers import as_response
from llmops.model_api.streamed_answers import can_stream, read_events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

USAGE = {"prompt_tokens": 5, "completion_tokens": 2}


async def lines(*events: object) -> AsyncIterator[bytes]:
    for event in events:
        text = event if isinstance(event, str) else f"data: {json.dumps(event)}"
        yield f"{text}\r\n".encode()
        yield b"\r\n"


def chat(content: str | None, reason: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": reason}
    return {"model": "stub-1", "choices": [choice], "usage": None}


def read(*events: object) -> tuple[Mapping[str, object], list[str]]:
    heard: list[str] = []
    return asyncio.run(read_events(lines(*events), Listener("", heard.append))), heard


def test_the_pieces_are_heard_and_make_the_answer_that_would_have_come_at_once() -> None:
    usage: dict[str, object] = {"choices": list[object](), "usage": USAGE}
    body, heard = read(
        ": hello", chat(""), chat("a "), chat("b"), chat(None, "stop"), usage, "data: [DONE]"
    )
    response = as_response(body, "chat", "", 0.1)
    assert heard == ["a ", "b"]
    assert response.body["choices"] == [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "a b"},
            "text": "a b",
        }
    ]
    assert (response.model, response.usage.prompt_tokens) == ("stub-1", 5)


def test_a_completion_has_its_text_elsewhere() -> None:
    body, heard = read({"choices": [{"text": "a", "finish_reason": "length"}]})
    assert heard == ["a"]
    assert as_response(body, "completion", "m", 0.1).body["choices"]


@pytest.mark.parametrize(
    "last", [{"error": {"message": "overloaded"}}, "data: {", "data: 5", chat("b"), "data: [DONE]"]
)
def test_an_answer_without_its_end_is_none(last: object) -> None:
    with pytest.raises(CallFailure, match="broke off") as caught:
        read(chat("a"), last)
    assert (caught.value.kind, caught.value.retryable) == ("broken_answer", False)


def test_only_one_text_is_streamed_and_only_where_somebody_listens() -> None:
    listener = Listener("node", print)

    def streams(**body: object) -> bool:
        return can_stream(ModelRequest(api="chat", body=body, listener=listener))

    assert streams(n=1, tools=None)
    assert not streams(n=2)
    assert not streams(tools=["a tool"])
    assert not streams(functions=["a function"])
    assert not can_stream(ModelRequest(api="chat", body={}))
