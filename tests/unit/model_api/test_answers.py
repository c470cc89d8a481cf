"""What counts as an answer."""

from __future__ import annotations

import json

import pytest

from llmops.domain.call import CallFailure, Usage
from llmops.model_api.answers import read_answer

CHAT = {"choices": [{"message": {"content": "hi"}}], "model": "gpt-4o-2024-08-06"}


def test_usage_and_model_are_the_providers() -> None:
    usage = {
        "prompt_tokens": 7,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    answer = read_answer(json.dumps({**CHAT, "usage": usage}).encode(), "chat", "gpt-4o", 0.5)
    assert answer.usage == Usage(prompt_tokens=7, completion_tokens=2, cached_tokens=4)
    assert (answer.model, answer.seconds) == ("gpt-4o-2024-08-06", 0.5)
    assert answer.body["choices"] == CHAT["choices"]


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None}, "none"])
def test_a_provider_may_not_count(usage: object) -> None:
    payload = json.dumps({"choices": [{"text": ""}], "usage": usage}).encode()
    answer = read_answer(payload, "completion", "asked", 0.5)
    assert (answer.usage, answer.model) == (Usage(), "asked")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b'{"choices": [{"message"',
        b"<html>hello</html>",
        b'{"error": {"message": "overloaded"}}',
        b'{"choices": []}',
        b'{"choices": "none"}',
        b'{"choices": [null]}',
        b'{"choices": [{"text": "of the other api"}]}',
    ],
)
def test_what_has_no_choice_is_broken(payload: bytes) -> None:
    with pytest.raises(CallFailure) as caught:
        read_answer(payload, "chat", "m", 0.1)
    assert (caught.value.kind, caught.value.retryable) == ("broken_answer", False)
