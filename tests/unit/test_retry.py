"""Limits and retries on a clock that only sleeping moves."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import pytest

from llmops.domain.call import CallFailure, ModelRequest, ModelResponse, Usage
from llmops.retry import Channel, RetryPolicy, Slots

if TYPE_CHECKING:
    from collections.abc import Coroutine

ASKED = ModelRequest(api="chat", body={})
GOOD = ModelResponse(body={}, usage=Usage(), seconds=0.1, model="m")
LIMITED = CallFailure("rate_limit", "slow down", status=429, retryable=True)
SERVER = CallFailure("server", "oops", status=500, retryable=True)
TIMEOUT = CallFailure("timeout", "late")
BROKEN = CallFailure("broken_answer", "half of it")
REFUSED = CallFailure("refused", "no", status=400)


class Clock:
    """Time that passes only where somebody waits for it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))
        self.now += seconds
        await asyncio.sleep(0)


class Scripted:
    """Answers as told, then well; each call takes a second and lets the others have their turn."""

    def __init__(self, clock: Clock, *script: CallFailure | None) -> None:
        self.clock = clock
        self.script = deque(script)
        self.sent = self.at_once = self.peak = 0
        self.gate: asyncio.Event | None = None

    async def send(self, request: ModelRequest) -> ModelResponse:
        assert request is ASKED
        self.sent += 1
        self.at_once += 1
        self.peak = max(self.peak, self.at_once)
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
            self.clock.now += 1
            if self.script and (failure := self.script.popleft()):
                raise failure
            return GOOD
        finally:
            self.at_once -= 1

    def tool_object(self) -> object:
        return None

    async def close(self) -> None:
        return


def channel(
    *script: CallFailure | None, at_once: int = 8, policy: RetryPolicy | None = None
) -> tuple[Channel, Scripted, Clock]:
    clock = Clock()
    client = Scripted(clock, *script)
    made = Channel(
        client,
        at_once,
        policy or RetryPolicy(),
        clock=clock,
        sleep=clock.sleep,
        chance=lambda: 1.0,
    )
    return made, client, clock


async def many(made: Channel, calls: int) -> list[ModelResponse | CallFailure]:
    results: list[ModelResponse | CallFailure] = []

    async def one() -> None:
        try:
            results.append(await made.send(ASKED))
        except CallFailure as failure:
            results.append(failure)

    async with asyncio.TaskGroup() as group:
        for _ in range(calls):
            group.create_task(one())
    return results


def failure_of(work: Coroutine[object, object, object]) -> CallFailure:
    with pytest.raises(CallFailure) as caught:
        asyncio.run(work)
    return caught.value


@pytest.mark.parametrize("failure", [LIMITED, SERVER])
def test_what_was_not_billed_is_tried_again(failure: CallFailure) -> None:
    made, client, clock = channel(failure, failure)
    assert asyncio.run(made.send(ASKED)) is GOOD
    assert (client.sent, clock.waits) == (3, [0.5, 1.0])
    assert (made.traffic.attempts, made.traffic.retries, made.traffic.answers) == (3, 2, 1)
    assert made.traffic.failures == {failure.kind: 2}
    assert made.slots.taken == 0


@pytest.mark.parametrize("failure", [REFUSED, TIMEOUT, BROKEN])
def test_what_may_have_been_billed_is_not_tried_again(failure: CallFailure) -> None:
    made, client, _ = channel(failure)
    assert failure_of(made.send(ASKED)) is failure
    assert (client.sent, made.slots.taken) == (1, 0)


@pytest.mark.parametrize("failure", [TIMEOUT, BROKEN])
def test_the_policy_may_pay_twice(failure: CallFailure) -> None:
    made, client, _ = channel(failure, policy=RetryPolicy(retry_billed=True))
    assert asyncio.run(made.send(ASKED)) is GOOD
    assert client.sent == 2


def test_attempts_end_and_the_failure_counts_them() -> None:
    made, client, clock = channel(*[SERVER] * 9, policy=RetryPolicy(attempts=3))
    failure = failure_of(made.send(ASKED))
    assert (str(failure), failure.kind, failure.status) == (
        "oops (after 3 attempts)",
        "server",
        500,
    )
    assert (client.sent, len(clock.waits)) == (3, 2)


def test_no_attempt_starts_after_the_deadline() -> None:
    made, client, _ = channel(*[SERVER] * 9, policy=RetryPolicy(attempts=9, deadline_seconds=5))
    failure_of(made.send(ASKED))
    assert client.sent == 3  # at 0, 1.5 and 3.5 s; the next would start at 6.5 s


def test_retry_after_closes_the_channel_for_everybody() -> None:
    asks = CallFailure("rate_limit", "wait", retryable=True, retry_after=7.0)
    made, client, clock = channel(asks, at_once=1)
    results = asyncio.run(many(made, 3))
    assert results == [GOOD] * 3
    assert client.sent == 4
    assert clock.now >= 108
    assert max(clock.waits) == 7.0


def test_a_wait_beyond_the_deadline_fails_at_once() -> None:
    asks = CallFailure("rate_limit", "wait", retryable=True, retry_after=3600.0)
    made, client, clock = channel(asks, at_once=1)
    first, second = asyncio.run(many(made, 2))
    assert isinstance(first, CallFailure)
    assert isinstance(second, CallFailure)
    assert "asks to wait 3600 s" in str(second)
    assert (client.sent, clock.waits) == (1, [])


def test_calls_that_fail_together_halve_once() -> None:
    made, _, _ = channel(*[LIMITED] * 8, at_once=8)
    asyncio.run(many(made, 8))
    assert 4 <= made.slots.size < 8


def test_repeated_overload_goes_down_to_one() -> None:
    made, client, _ = channel(*[LIMITED] * 5, at_once=8)
    asyncio.run(made.send(ASKED))
    assert made.slots.size == 2  # one, and one more for the good answer
    asyncio.run(many(made, 4))
    assert client.peak == 2


def test_good_answers_bring_the_slots_back() -> None:
    made, client, _ = channel(LIMITED, LIMITED, at_once=4)
    asyncio.run(many(made, 40))
    assert made.slots.size == 4
    assert client.peak == 4


def test_never_more_at_once_than_allowed() -> None:
    made, client, _ = channel(at_once=64)
    assert asyncio.run(many(made, 500)) == [GOOD] * 500
    assert (client.peak, client.sent) == (64, 500)


def test_a_call_that_backs_off_leaves_its_slot() -> None:
    clock = Clock()
    client = Scripted(clock, SERVER)
    taken: list[int] = []

    async def sleep(seconds: float) -> None:
        taken.append(made.slots.taken)
        await clock.sleep(seconds)

    made = Channel(client, 1, RetryPolicy(), clock=clock, sleep=sleep)
    asyncio.run(made.send(ASKED))
    assert taken == [0]


def test_slots_are_served_in_order_of_arrival() -> None:
    async def scenario() -> list[int]:
        slots, order = Slots(1), list[int]()

        async def one(number: int) -> None:
            await slots.acquire()
            order.append(number)
            await asyncio.sleep(0)
            slots.release()

        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(one(number))
        return order

    assert asyncio.run(scenario()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("granted_first", [True, False])
def test_a_cancelled_caller_loses_no_slot(*, granted_first: bool) -> None:
    async def scenario() -> int:
        slots = Slots(1)
        await slots.acquire()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(slots.acquire())
            await asyncio.sleep(0)
            if granted_first:
                slots.release()
            waiting.cancel()
        if not granted_first:
            slots.release()
        await asyncio.wait_for(slots.acquire(), 1)
        return slots.taken

    assert asyncio.run(scenario()) == 1


def test_a_cancelled_call_frees_its_slot() -> None:
    async def scenario() -> int:
        made, client, _ = channel(at_once=1)
        client.gate = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            call = group.create_task(made.send(ASKED))
            await asyncio.sleep(0)
            call.cancel()
        return made.slots.taken

    assert asyncio.run(scenario()) == 0
