"""Exactly once under concurrency, failures forgotten, cancellation handed over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import pytest

from llmops.domain.call import Answer
from llmops.sharing import SharedAnswers

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class Work:
    """Counts its runs and waits for `gate` before it answers or fails."""

    def __init__(self, *, failures: int = 0) -> None:
        self.runs = 0
        self.failures = failures
        self.gate = asyncio.Event()

    async def __call__(self) -> Answer:
        self.runs += 1
        await self.gate.wait()
        if self.runs <= self.failures:
            message = f"failure {self.runs}"
            raise ValueError(message)
        return Answer(output=self.runs, calls=1)


def start(job: Coroutine[object, object, T]) -> asyncio.Task[T]:
    return asyncio.get_running_loop().create_task(job)


def ignore(key: str, node: str, answer: Answer) -> None:
    del key, node, answer


def test_many_askers_share_one_run() -> None:
    async def scenario() -> None:
        shared, work = SharedAnswers({}, ignore), Work()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(shared.get("k", "n", work, paid=True)) for _ in range(50)]
            work.gate.set()
        assert work.runs == 1
        assert [task.result()[0].output for task in tasks] == [1] * 50
        assert sum(task.result()[1] for task in tasks) == 1

    asyncio.run(scenario())


def test_a_failure_reaches_all_who_wait_and_is_then_forgotten() -> None:
    async def scenario() -> None:
        shared, work = SharedAnswers({}, ignore), Work(failures=1)
        askers = [start(shared.get("k", "n", work, paid=True)) for _ in range(3)]
        await asyncio.wait(askers, timeout=0)
        work.gate.set()
        await asyncio.wait(askers)
        assert [str(task.exception()) for task in askers] == ["failure 1"] * 3
        answer, worked = await shared.get("k", "n", work, paid=True)
        assert (answer.output, worked, work.runs) == (2, True, 2)

    asyncio.run(scenario())


def test_a_cancelled_worker_hands_over_to_one_who_waits() -> None:
    async def scenario() -> None:
        shared, work = SharedAnswers({}, ignore), Work()
        first = start(shared.get("k", "n", work, paid=True))
        others = [start(shared.get("k", "n", work, paid=True)) for _ in range(3)]
        await asyncio.wait([first, *others], timeout=0)
        first.cancel()
        await asyncio.wait([first])
        work.gate.set()
        await asyncio.wait(others)
        assert first.cancelled()
        assert [task.result()[0].output for task in others] == [2, 2, 2]
        assert work.runs == 2

    asyncio.run(scenario())


def test_a_cancelled_waiter_stops_alone() -> None:
    async def scenario() -> None:
        shared, work = SharedAnswers({}, ignore), Work()
        owner = start(shared.get("k", "n", work, paid=True))
        waiter = start(shared.get("k", "n", work, paid=True))
        await asyncio.wait([owner, waiter], timeout=0)
        waiter.cancel()
        await asyncio.wait([waiter])
        work.gate.set()
        assert (await owner)[0].output == 1
        assert waiter.cancelled()

    asyncio.run(scenario())


def test_a_paid_answer_is_recorded_before_anyone_sees_it() -> None:
    async def scenario() -> None:
        seen: list[str] = []

        def record(key: str, node: str, answer: Answer) -> None:
            seen.append(f"{node} {key} {answer.output}")

        shared, work = SharedAnswers({}, record), Work()
        work.gate.set()
        await shared.get("k", "classify", work, paid=True)
        assert seen == ["classify k 1"]
        await shared.get("free", "parse", work, paid=False)
        assert seen == ["classify k 1"]

    asyncio.run(scenario())


def test_an_unrecordable_answer_fails_its_line() -> None:
    async def scenario() -> None:
        def full(key: str, node: str, answer: Answer) -> None:
            del key, node, answer
            message = "disk full"
            raise OSError(message)

        shared, work = SharedAnswers({}, full), Work()
        work.gate.set()
        with pytest.raises(OSError, match="disk full"):
            await shared.get("k", "n", work, paid=True)

    asyncio.run(scenario())


def test_recorded_answers_are_not_paid_again() -> None:
    async def scenario() -> None:
        recorded = {"k": Answer(output="old", calls=1)}
        shared, work = SharedAnswers(recorded, ignore), Work()
        assert await shared.get("k", "n", work, paid=True) == (recorded["k"], False)
        assert work.runs == 0

    asyncio.run(scenario())
