"""One provider's traffic: how many calls at once, which failures are tried again, and when."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from llmops.domain.call import CallFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from llmops.domain.call import Client, ModelRequest, ModelResponse

_BILLED: Final = frozenset({"timeout", "broken_answer"})
"""Failures of calls that the provider may have answered, and charged for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """`attempts` counts the first one; no attempt starts `deadline_seconds` after the first."""

    attempts: int = 6
    retry_billed: bool = False
    first_backoff_seconds: float = 0.5
    longest_backoff_seconds: float = 30.0
    deadline_seconds: float = 600.0

    def allows(self, failure: CallFailure, attempt: int) -> bool:
        """Tell whether a failure of the attempt (from 1) may be followed by another."""
        harmless = failure.retryable or (self.retry_billed and failure.kind in _BILLED)
        return harmless and attempt < self.attempts

    def backoff(self, attempt: int) -> float:
        """Return the longest wait after the attempt, in seconds.

        >>> [RetryPolicy().backoff(attempt) for attempt in (1, 2, 3, 9)]
        [0.5, 1.0, 2.0, 30.0]
        """
        return min(self.longest_backoff_seconds, self.first_backoff_seconds * 2 ** (attempt - 1))


@dataclass(slots=True, kw_only=True)
class Traffic:
    """What went through a channel so far."""

    attempts: int = 0
    retries: int = 0
    answers: int = 0
    failures: Counter[str] = field(default_factory=Counter[str])
    """Failed attempts by `CallFailure.kind`, those that a retry made good included."""


class Slots:
    """A semaphore that serves in order of arrival and whose size follows the provider's mood.

    It starts at `maximum`, halves on every sign of overload and grows by one for each round of
    good answers.
    """

    __slots__ = ("_waiting", "maximum", "size", "taken")

    def __init__(self, maximum: int) -> None:
        """Start with all slots free."""
        self.maximum = maximum
        self.size = float(maximum)
        self.taken = 0
        self._waiting = deque[asyncio.Future[None]]()

    async def acquire(self) -> None:
        """Take a slot, after everyone who asked before."""
        if not self._waiting and self.taken < int(self.size):
            self.taken += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.release()  # granted in the same moment: pass it on
            raise

    def release(self) -> None:
        """Give a slot back."""
        self.taken -= 1
        self._grant()

    def halve(self) -> None:
        """Use half as many from now on, at least one."""
        self.size = max(1.0, self.size / 2)

    def grow(self) -> None:
        """Count one good answer towards a further slot."""
        if self.size < self.maximum:
            self.size = min(float(self.maximum), self.size + 1 / self.size)

    def _grant(self) -> None:
        while self._waiting and self.taken < int(self.size):
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self.taken += 1
                turn.set_result(None)


class Channel:
    """A client behind limits and retries; everybody who uses one connection shares its channel."""

    def __init__(
        self,
        client: Client,
        max_concurrency: int,
        policy: RetryPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Send through `client`, which the caller closes; time and chance are given for tests."""
        self.client = client
        self.slots = Slots(max_concurrency)
        self.traffic = Traffic()
        self._policy = policy
        self._clock, self._sleep, self._chance = clock, sleep, chance
        self._closed_until = 0.0  # the provider said when to come back
        self._halved_at = float("-inf")

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Return the first good answer.

        Raises:
            CallFailure: the last one, when there is no further attempt.
        """
        attempt, deadline = 0, float("inf")
        while True:
            attempt += 1
            await self.slots.acquire()
            try:
                if attempt == 1:
                    deadline = self._clock() + self._policy.deadline_seconds
                await self._until_open(deadline)
                return await self._attempt(request)
            except CallFailure as failure:
                wait = self._wait_after(failure, attempt)
                if wait is None or self._clock() + wait >= deadline:
                    raise _final(failure, attempt) from None
            finally:
                self.slots.release()
            self.traffic.retries += 1
            await self._sleep(wait)

    async def _attempt(self, request: ModelRequest) -> ModelResponse:
        self.traffic.attempts += 1
        started = self._clock()
        try:
            response = await self.client.send(request)
        except CallFailure as failure:
            self.traffic.failures[failure.kind] += 1
            # Calls in flight fail together; only one that began after the last cut is news.
            if failure.kind in {"rate_limit", "timeout"} and started > self._halved_at:
                self._halved_at = self._clock()
                self.slots.halve()
            raise
        self.traffic.answers += 1
        self.slots.grow()
        return response

    async def _until_open(self, deadline: float) -> None:
        while (wait := self._closed_until - self._clock()) > 0:
            if self._closed_until >= deadline:
                message = f"the provider asks to wait {wait:.0f} s, longer than a call may take"
                raise CallFailure("rate_limit", message)
            await self._sleep(wait)

    def _wait_after(self, failure: CallFailure, attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt; None when there is none."""
        if failure.retry_after is not None:
            self._closed_until = max(self._closed_until, self._clock() + failure.retry_after)
        if not self._policy.allows(failure, attempt):
            return None
        return max(failure.retry_after or 0.0, self._chance() * self._policy.backoff(attempt))


def _final(failure: CallFailure, attempts: int) -> CallFailure:
    """Return the failure as the caller sees it: how often it was tried."""
    if attempts == 1:
        return failure
    return CallFailure(
        failure.kind,
        f"{failure} (after {attempts} attempts)",
        status=failure.status,
        retryable=failure.retryable,
        retry_after=failure.retry_after,
    )
