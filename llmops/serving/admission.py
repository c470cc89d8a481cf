"""Who may be answered: so many at once, so many waiting, nobody else."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from llmops.serving.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from llmops.serving.metrics import Metrics

_WEIGHT: Final = 0.1
"""Of the newest request in the running mean of seconds."""
_LONGEST: Final = 60


class Admission:
    """A place in work, after a place in the queue; first come, first served."""

    def __init__(self, concurrency: int, queue: int, metrics: Metrics) -> None:
        """Allow `concurrency` requests in work and `queue` more waiting."""
        self.concurrency, self.queue = concurrency, queue
        self.waiting = 0
        self._metrics = metrics
        self._free = asyncio.Semaphore(concurrency)
        self._mean_seconds = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a place in work, and hold it.

        Raises:
            Refused: with 429 when the queue is full.
        """
        await self._enter()
        started = time.perf_counter()
        try:
            with self._metrics.in_work.track_inprogress():
                yield
        finally:
            self._free.release()
            self._mean_seconds += _WEIGHT * (time.perf_counter() - started - self._mean_seconds)

    async def _enter(self) -> None:
        if self._free.locked() and self.waiting >= self.queue:
            raise Refused(
                429,
                f"too many requests; {self.concurrency} are answered at once and {self.queue} "
                "may wait; come back when Retry-After says",
                "queue_full",
                {"Retry-After": str(self.retry_after())},
            )
        self.waiting += 1
        try:
            with self._metrics.waiting.track_inprogress():
                await self._free.acquire()
        finally:
            self.waiting -= 1

    def retry_after(self) -> int:
        """Return the seconds in which those who wait now will probably be in work."""
        seconds = self._mean_seconds * (self.waiting + 1) / self.concurrency
        return min(_LONGEST, max(1, math.ceil(seconds)))
