"""What every kind of connection promises, whoever answers."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import pytest
from llm_stub import LLMStub
from pydantic import TypeAdapter

from llmops.connections import AnyConnection
from llmops.domain.call import CallFailure, ModelRequest, ModelResponse
from llmops.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from llmops.domain.call import Client, Connection

KEY: Final = "k-3f9a-very-secret"
CHAT: Final = ModelRequest(
    api="chat",
    body={
        "model": "m",
        "messages": [{"role": "user", "content": "Is it good? Yes or no."}],
        "max_tokens": 3,
    },
)
COMPLETION: Final = ModelRequest(
    api="completion", body={"model": "m", "prompt": "Good or bad:", "max_tokens": 3}
)
SPEAKERS: Final = {
    "openai": {"connection_type": "OpenAIConnection"},
    "azure_openai": {"connection_type": "AzureOpenAIConnection", "api_version": "2024-06-01"},
    "serverless": {"connection_type": "ServerlessConnection"},
}
RECORDING: Final = Path(__file__).with_name("recording.jsonl")
LOCAL: Final = {
    "embedded": {"connection_type": "embedded", "context": 256, "prompts_kept": 1},
    "replay": {"connection_type": "replay", "recording": str(RECORDING)},
}
TOOLS_ONLY: Final = {
    "custom": {"connection_type": "CustomConnection", "secrets": {"token": KEY}},
    "service": {"connection_type": "SerpConnection", "api_key": KEY},
}
CLASSES: Final = {
    "openai": "OpenAIConnection",
    "azure_openai": "AzureOpenAIConnection",
    "serverless": "ServerlessConnection",
    "custom": "CustomConnection",
    "service": "SerpConnection",
    "embedded": "OpenAIConnection",
}
speakers = pytest.mark.parametrize("kind", SPEAKERS)
models = pytest.mark.parametrize("kind", [*SPEAKERS, *LOCAL])


def connection(kind: str, url: str = "http://127.0.0.1:1/v1", **fields: object) -> Connection:
    address = {"api_base": url.removesuffix("/v1"), "api_key": KEY}
    if kind == "openai":
        address["api_base"] = url
    given = {**SPEAKERS[kind], **address} if kind in SPEAKERS else {**LOCAL, **TOOLS_ONLY}[kind]
    adapter = TypeAdapter[AnyConnection](AnyConnection)
    return adapter.validate_python({"name": "c", **given, **fields})


@asynccontextmanager
async def opened(kind: str, stub: LLMStub, timeout_seconds: float = 30) -> AsyncGenerator[Client]:
    client = await connection(kind, stub.url).open(timeout_seconds, 64)
    try:
        yield client
    finally:
        await client.close()


def ask(
    kind: str, stub: LLMStub, request: ModelRequest = CHAT, *, seconds: float = 30
) -> ModelResponse:
    async def scenario() -> ModelResponse:
        async with stub, opened(kind, stub, seconds) as client:
            return await client.send(request)

    return asyncio.run(scenario())


def failure_of(kind: str, stub: LLMStub, *, seconds: float = 30) -> CallFailure:
    with pytest.raises(CallFailure) as caught:
        ask(kind, stub, seconds=seconds)
    assert KEY not in str(caught.value) + repr(caught.value.__dict__)
    assert caught.value.__cause__ is None
    return caught.value


def test_every_kind_is_covered() -> None:
    union = get_args(get_args(AnyConnection)[0])
    covered = {type(connection(kind)) for kind in (*SPEAKERS, *LOCAL, *TOOLS_ONLY)}
    assert covered == set(union)


@models
def test_both_apis_answer(kind: str) -> None:
    async def scenario() -> list[ModelResponse]:
        async with LLMStub(api_key=KEY) as stub, opened(kind, stub) as client:
            return [await client.send(request) for request in (CHAT, COMPLETION)]

    for answer in asyncio.run(scenario()):
        assert answer.body["choices"]
        assert answer.usage.prompt_tokens > 0
        assert answer.usage.completion_tokens > 0
        assert 0 < answer.seconds < 30
        assert answer.model == ("smollm2-135m" if kind == "embedded" else "m")


@models
def test_many_at_once(kind: str) -> None:
    calls = 4 if kind == "embedded" else 200

    async def scenario() -> tuple[int, int]:
        async with LLMStub(latency_ms=50) as stub, opened(kind, stub) as client:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(client.send(CHAT)) for _ in range(calls)]
            return len({task.result().model for task in tasks}), stub.peak

    assert asyncio.run(scenario()) == (1, 0 if kind in LOCAL else 64)


@speakers
def test_the_request_is_the_providers_own(kind: str) -> None:
    stub = LLMStub(api_key=KEY)
    request = ModelRequest(api="chat", body={**CHAT.body, "stream": True, "stream_options": {}})
    ask(kind, stub, request)
    target, headers, body = stub.seen[0]
    if kind == "azure_openai":
        assert target == "/openai/deployments/m/chat/completions?api-version=2024-06-01"
        assert headers["api-key"] == KEY
    else:
        assert target == "/v1/chat/completions"
        assert headers["authorization"] == f"Bearer {KEY}"
    assert body == {**CHAT.body, "stream": False}


@speakers
def test_a_deployment_is_azures_name_for_the_model(kind: str) -> None:
    stub = LLMStub()
    ask(kind, stub, ModelRequest(api="chat", body=CHAT.body, deployment="d"))
    target, _, body = stub.seen[0]
    azure = kind == "azure_openai"
    assert body["model"] == ("d" if azure else "m")
    assert ("/deployments/d/" in target) == azure


@speakers
def test_the_connections_model_is_for_requests_without_one(kind: str) -> None:
    async def scenario() -> str:
        async with LLMStub() as stub:
            client = await connection(kind, stub.url, model="fallback").open(30, 1)
            answer = await client.send(ModelRequest(api="completion", body={"prompt": "x"}))
            await client.close()
            return answer.model

    assert asyncio.run(scenario()) == "fallback"


@pytest.mark.parametrize("kind", ["openai", "azure_openai"])
def test_no_model_at_all_is_refused_before_it_is_sent(kind: str) -> None:
    stub = LLMStub()
    with pytest.raises(CallFailure, match="no model") as caught:
        ask(kind, stub, ModelRequest(api="chat", body={"messages": []}))
    assert (caught.value.kind, stub.requests) == ("refused", 0)


@speakers
@pytest.mark.parametrize(
    ("fault", "kind_of_failure", "retryable"),
    [
        ("429", "rate_limit", True),
        ("quota", "rate_limit", False),
        ("408", "server", True),
        ("500", "server", True),
        ("503", "server", True),
        ("400", "refused", False),
        ("404", "refused", False),
        ("302", "refused", False),
        ("reset", "connection", True),
        ("trunc", "broken_answer", False),
        ("garbage", "broken_answer", False),
        ("odd", "broken_answer", False),
    ],
)
def test_every_fault_has_its_failure(
    kind: str, fault: str, kind_of_failure: str, *, retryable: bool
) -> None:
    failure = failure_of(kind, LLMStub(script=(fault,), retry_after=4))
    assert (failure.kind, failure.retryable) == (kind_of_failure, retryable)
    assert failure.retry_after == (4 if fault in {"429", "503"} else None)


@speakers
@pytest.mark.parametrize("fault", ["hang", "slow"])
def test_a_late_answer_is_a_timeout(kind: str, fault: str) -> None:
    failure = failure_of(kind, LLMStub(script=(fault,)), seconds=0.2)
    assert (failure.kind, failure.retryable) == ("timeout", False)
    assert str(failure) == "no answer within 0.2 s"


@speakers
def test_nobody_listens(kind: str) -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        client = await connection(kind, f"http://127.0.0.1:{port}/v1").open(5, 1)
        try:
            await client.send(CHAT)
        finally:
            await client.close()

    with pytest.raises(CallFailure) as caught:
        asyncio.run(scenario())
    assert (caught.value.kind, caught.value.retryable) == ("connection", True)


@speakers
def test_a_wrong_key_is_refused_and_not_repeated(kind: str) -> None:
    failure = failure_of(kind, LLMStub(api_key="another"))
    assert (failure.kind, failure.status, failure.retryable) == ("refused", 401, False)
    assert str(failure) == "HTTP 401: wrong key ***"


@pytest.mark.parametrize("kind", TOOLS_ONLY)
def test_a_service_for_tools_answers_no_prompt(kind: str) -> None:
    async def scenario() -> None:
        client = await connection(kind).open(5, 1)
        await client.send(CHAT)

    with pytest.raises(CallFailure, match="answers no prompt"):
        asyncio.run(scenario())


def test_a_recording_has_nothing_for_tools() -> None:
    async def scenario() -> None:
        client = await connection("replay").open(5, 1)
        client.tool_object()

    with pytest.raises(CallFailure, match="llm nodes only"):
        asyncio.run(scenario())


def test_azure_without_a_key_says_what_to_do() -> None:
    with pytest.raises(ConfigError) as caught:
        asyncio.run(connection("azure_openai", api_key="").open(5, 1))
    assert "connections.c: api_key is missing" in str(caught.value)
    assert "meid_token" in str(caught.value)


TOOL_OBJECTS: Final = """
import asyncio, sys
from test_connections import CLASSES, connection
async def main():
    clients = [await connection(kind).open(5, 1) for kind in CLASSES]
    assert "promptflow" not in sys.modules
    for client in clients:
        print(type(client.tool_object()).__name__)
        await client.close()
asyncio.run(main())
"""


def test_tools_get_promptflows_own_classes(tmp_path: Path) -> None:
    """In a process of its own: importing promptflow changes the one it happens in."""
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", TOOL_OBJECTS],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths, "HOME": str(tmp_path)},
    )
    assert done.stdout.split() == list(CLASSES.values()), done.stderr
    assert KEY not in done.stderr
