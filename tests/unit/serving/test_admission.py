from __future__ import annotations

import asyncio

import pytest
from served_parts import RELEASE

from llmops.concurrency import together
from llmops.serving.admission import Admission
from llmops.serving.metrics import Metrics
from llmops.serving.refusal import Refused


def admission(concurrency: int, queue: int) -> Admission:
    return Admission(concurrency, queue, Metrics(RELEASE, "test"))


def test_so_many_are_in_work_so_many_wait_and_nobody_else() -> None:
    async def scenario() -> tuple[list[str], int]:
        gate, door = asyncio.Event(), admission(2, 3)
        most = now = 0

        async def client() -> str:
            nonlocal most, now
            try:
                async with door.turn():
                    now += 1
                    most = max(most, now)
                    await gate.wait()
                    now -= 1
            except Refused as refused:
                return f"{refused.status}, again in {refused.headers['Retry-After']} s"
            return "answered"

        async def opener() -> str:
            gate.set()
            return ""

        return await together([*(client() for _ in range(8)), opener()]), most

    found, most = asyncio.run(scenario())
    assert most == 2
    assert found == ["answered"] * 5 + ["429, again in 1 s"] * 3 + [""]


def test_who_leaves_the_queue_leaves_room() -> None:
    async def scenario() -> None:
        door = admission(1, 1)
        async with door.turn():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01), door.turn():
                    raise AssertionError
            assert door.waiting == 0
        async with door.turn():
            pass

    asyncio.run(scenario())
