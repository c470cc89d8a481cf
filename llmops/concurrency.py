"""The only code that starts tasks and threads: bounded before they start, none left running."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
    from types import FrameType

T = TypeVar("T")
R = TypeVar("R")


async def for_each(items: Iterable[T], work: Callable[[T], Awaitable[None]], limit: int) -> None:
    """Await `work` for every item, at most `limit` at once, in order of start.

    Items are drawn only when a worker is free, so memory does not grow with their number. The
    first exception cancels the rest and is raised as it was.
    """
    shared = iter(items)

    async def worker() -> None:
        for item in shared:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(limit):
                group.create_task(worker())
    except BaseExceptionGroup as failures:
        raise _first(failures) from None


async def together(jobs: Sequence[Coroutine[object, object, R]]) -> list[R]:
    """Return all results in order; one job runs without a task of its own.

    The first exception cancels the rest and is raised as it was.
    """
    if len(jobs) == 1:
        return [await jobs[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except BaseExceptionGroup as failures:
        raise _first(failures) from None
    return [task.result() for task in tasks]


def _first(failure: BaseException) -> BaseException:
    while isinstance(failure, BaseExceptionGroup):
        failure = cast("BaseExceptionGroup[BaseException]", failure).exceptions[0]
    return failure


class Threads:
    """A bounded pool for blocking tools; it starts no thread before one is needed."""

    def __init__(self, limit: int) -> None:
        """Allow at most `limit` functions at once; the others wait in order."""
        self._pool = ThreadPoolExecutor(limit, thread_name_prefix="tool")

    async def run(self, function: Callable[[], R]) -> R:
        """Return what the function returns; it sees the caller's context variables."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, context.run, function)

    def close(self) -> None:
        """Forget what has not started; a function that runs cannot be stopped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def run_interruptible(main: Coroutine[object, object, R]) -> R:
    """Run to the end; SIGINT or SIGTERM cancels it, a second one ends the process at once.

    Raises:
        asyncio.CancelledError: when a signal ended it.
    """

    async def guarded() -> R:
        loop = asyncio.get_running_loop()
        task = loop.create_task(main)
        with ExitStack() as handlers:
            for number in (signal.SIGINT, signal.SIGTERM):
                handlers.callback(signal.signal, number, signal.getsignal(number))
                _wake_on(number, loop, handlers)
                signal.signal(number, _cancel_or_exit(loop, task))
            return await task

    with asyncio.Runner() as runner:
        return runner.run(guarded())


def _wake_on(number: int, loop: asyncio.AbstractEventLoop, handlers: ExitStack) -> None:
    """Let the signal end the loop's wait.

    One that comes just before the loop waits, or to another thread, would else be seen only when
    something else happens.
    """
    with suppress(NotImplementedError):  # on Windows, whose loop sees to it
        loop.add_signal_handler(number, lambda: None)
        handlers.callback(loop.remove_signal_handler, number)


def _cancel_or_exit(
    loop: asyncio.AbstractEventLoop, task: asyncio.Task[R]
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        if task.cancelling():
            os._exit(128 + number)
        loop.call_soon_threadsafe(task.cancel)

    return handle
