"""A service with more clients than it can answer, with a signal, and with nonsense."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import pytest
from served_release import production_log, release_flow, serving

from llmops.concurrency import together

if TYPE_CHECKING:
    from llm_stub import LLMStub
    from sample_project import Project
    from served_release import Serving

CALLS = 2
"""Model calls of one request."""


@pytest.fixture
def released(project: Project) -> Project:
    release_flow(project.folder, project.folder / "flows" / "classify_messages")
    return project


def test_256_clients_at_once_get_an_answer_or_are_told_to_wait(
    released: Project, stub: LLMStub
) -> None:
    stub.reset(latency_ms=20)

    async def client(session: aiohttp.ClientSession, number: int) -> list[int]:
        found: list[int] = []
        for _ in range(4):
            async with session.post("/score", json={"text": f"message {number}"}) as answer:
                await answer.read()
                found.append(answer.status)
        return found

    async def all_clients(url: str) -> Counter[int]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(url, connector=connector) as session:
            found = await together([client(session, number) for number in range(256)])
        return Counter(status for each in found for status in each)

    with serving(released, "messages/1") as running:
        statuses = asyncio.run(all_clients(running.url))
    assert set(statuses) == {200, 429}
    assert statuses.total() == 1024
    assert stub.answered == CALLS * statuses[200]
    assert len(production_log(released)) == statuses[200], "who is refused is not in it"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_under_load_loses_no_accepted_request(
    released: Project, stub: LLMStub, workers: str
) -> None:
    stub.reset(latency_ms=50)
    answered = Counter[int]()

    async def client(session: aiohttp.ClientSession, running: Serving) -> None:
        while True:
            try:
                async with session.post("/score", json={"text": "a"}) as answer:
                    await answer.read()
            except aiohttp.ClientConnectionError:
                return  # it listens no more
            answered[answer.status] += 1
            if answered.total() == 100:
                running.tell()

    async def all_clients(running: Serving) -> None:
        async with aiohttp.ClientSession(running.url) as session:
            await together([client(session, running) for _ in range(24)])

    with serving(released, "messages/1", "--workers", workers) as running:
        asyncio.run(all_clients(running))
        running.end()
        assert running.process.returncode == 0
    assert set(answered) == {200}
    assert answered[200] > 100
    assert stub.requests == stub.answered == CALLS * answered[200]
    assert len(production_log(released)) == answered[200]


def test_malformed_requests_never_break_it_and_leave_nothing_behind(released: Project) -> None:
    draw = random.Random(7)  # noqa: S311 - sample data
    with serving(released, "messages/1", "--max-body-kb", "64", "--timeout", "2") as running:
        statuses = Counter[int]()
        sizes: list[int] = []
        for _ in range(3):
            for _ in range(250):
                statuses[running.ask("/score", malformed(draw)).status] += 1
            for _ in range(20):
                send_raw(running, draw.randbytes(draw.randrange(1, 2000)))
            sizes.append(resident_kb(running))
        assert running.score().status == 200
        running.end()
        assert running.log("defect") == []
    assert set(statuses) <= {200, 400, 413}
    assert statuses[400] > 500
    assert sizes[-1] - sizes[0] < 4096


def malformed(draw: random.Random) -> bytes:
    """Return a good body with something wrong in it, or no body at all."""
    good = json.dumps({"text": "a" * draw.randrange(50), "more": [1, {"b": None}]}).encode()
    at = draw.randrange(len(good))
    match draw.randrange(6):
        case 0:
            return good[:at]
        case 1:
            return good[:at] + draw.randbytes(draw.randrange(1, 9)) + good[at:]
        case 2:
            opened = draw.choice([b"[", b'{"text":']) * draw.randrange(1, 6000)
            return b'{"text": ' + opened
        case 3:
            return b'{"text": ' + b"-" * draw.randrange(2) + b"9" * draw.randrange(1, 9000) + b"}"
        case 4:
            return b'{"text": %b}' % draw.choice([b"null", b"true", b"1", b"2.5", b"[]", b"{}"])
        case _:
            return draw.randbytes(draw.randrange(70_000))


def send_raw(running: Serving, content: bytes) -> None:
    """Send bytes that are no HTTP, or begin as if they were, and leave."""
    parts = urlsplit(running.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(b"POST /score HTTP/1.1\r\nHost: a\r\n" * (len(content) % 2) + content)
        connection.shutdown(socket.SHUT_WR)
        status = connection.makefile("rb").readline().split()[1:2]
    assert status in ([], [b"400"], [b"405"]), status


def resident_kb(running: Serving) -> int:
    pages = Path(f"/proc/{running.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") // 1024
