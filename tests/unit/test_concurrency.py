"""Bounds, order, first failure, and threads that see context variables."""

from __future__ import annotations

import asyncio
import contextvars
import signal
from typing import TYPE_CHECKING

import pytest

from llmops.concurrency import Threads, for_each, run_interruptible, together

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_for_each_draws_items_only_when_a_worker_is_free() -> None:
    drawn = 0
    release = asyncio.Event()

    def items() -> Iterator[int]:
        nonlocal drawn
        for item in range(1000):
            drawn += 1
            yield item

    running = peak = done = 0

    async def work(item: int) -> None:
        nonlocal running, peak, done
        del item
        running += 1
        peak = max(peak, running)
        await release.wait()
        running -= 1
        done += 1

    async def scenario() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(for_each(items(), work, 7))
            for _ in range(20):
                await asyncio.sleep(0)
            assert drawn == 7
            release.set()

    asyncio.run(scenario())
    assert (peak, done) == (7, 1000)


def test_the_first_failure_is_raised_as_it_was_and_cancels_the_rest() -> None:
    cancelled: list[int] = []

    async def work(item: int) -> None:
        if item == 1:
            message = "broken"
            raise ValueError(message)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(item)
            raise

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(for_each([0, 1, 2], work, 3))
    assert sorted(cancelled) == [0, 2]


def test_together_keeps_the_order() -> None:
    async def value(number: int) -> int:
        for _ in range(5 - number):
            await asyncio.sleep(0)
        return number

    assert asyncio.run(together([value(n) for n in range(5)])) == [0, 1, 2, 3, 4]
    assert asyncio.run(together([value(1)])) == [1]


def test_threads_see_the_callers_context() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

    async def scenario() -> str:
        variable.set("mine")
        threads = Threads(2)
        try:
            return await threads.run(variable.get)
        finally:
            threads.close()

    assert asyncio.run(scenario()) == "mine"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_cancels_and_wakes_a_loop_that_waits(number: int) -> None:
    """Without a file to wake it, a signal just before the wait is noticed at the next event."""
    before = signal.getsignal(number)
    woken_by = -1

    async def main() -> None:
        nonlocal woken_by
        woken_by = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(woken_by)
        signal.raise_signal(number)
        await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        run_interruptible(main())
    assert woken_by >= 0
    assert signal.getsignal(number) is before
