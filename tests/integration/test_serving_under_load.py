"""A service with more clients than it can answer, with a signal, and with a worker that dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
CLIENTS = 24


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
        for turn in range(4):
            async with session.post("/score", json={"text": f"{number}-{turn}"}) as answer:
                await answer.read()
            found.append(answer.status)
            assert ("Retry-After" in answer.headers) == (answer.status == 429)
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
    assert stub.requests == stub.answered == CALLS * statuses[200]
    assert stub.stats()["repeated"] == 0
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
            await together([client(session, running) for _ in range(CLIENTS)])

    with serving(released, "messages/1", "--workers", workers) as running:
        asyncio.run(all_clients(running))
        running.end()
        assert running.process.returncode == 0
    assert set(answered) == {200}
    assert answered[200] > 100
    assert stub.requests == stub.answered == CALLS * answered[200]
    assert len(production_log(released)) == answered[200]


@dataclass
class Killing:
    """Clients that kill a worker, and go on until the one in its place has answered."""

    running: Serving
    project: Project
    first: set[int]
    killed: int = 0
    answered: int = 0
    lost: int = 0

    async def client(self, session: aiohttp.ClientSession, number: int) -> None:
        turn = 0
        while not self.is_replaced():
            turn += 1
            gone = self.killed and self.killed not in self.running.children()
            try:
                async with session.post("/score", json={"text": f"{number}-{turn}"}) as answer:
                    await answer.read()
            except aiohttp.ClientConnectionError:
                assert not gone, "whoever listens is ready"
                self.lost += 1
                continue
            assert answer.status == 200
            self.answered += 1
            if self.answered == 100:
                self.killed = min(self.first)
                os.kill(self.killed, signal.SIGKILL)

    def is_replaced(self) -> bool:
        logs = self.project.folder / "reports/production/messages/1"
        return any(
            file.stat().st_size
            for worker in (self.running.children() - self.first if self.killed else ())
            for file in logs.glob(f"*-{worker}-*.jsonl")
        )


def test_a_worker_killed_under_load_loses_what_it_had_and_comes_back(
    released: Project, stub: LLMStub
) -> None:
    stub.reset(latency_ms=20)

    async def all_clients(load: Killing) -> None:
        connector = aiohttp.TCPConnector(force_close=True)  # so that the new worker has a share
        async with aiohttp.ClientSession(load.running.url, connector=connector) as session:
            await together([load.client(session, number) for number in range(CLIENTS)])

    with serving(released, "messages/1", "--workers", "2") as running:
        load = Killing(running, released, running.children())
        asyncio.run(all_clients(load))
    kept = Counter(str(each["inputs"]) for each in production_log(released))
    assert set(kept.values()) == {1}
    assert load.answered <= len(kept) <= load.answered + load.lost
    assert 0 < load.lost <= 2 * CLIENTS
