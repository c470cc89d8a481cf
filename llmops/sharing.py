"""Results shared among the trials of one line: each distinct piece of work is done once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from llmops.domain.call import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


class SharedAnswers:
    """The answers of one line and repeat, by key; it lives as long as the line.

    The first who asks for a key does the work, the others wait. A failure is given to all who
    wait and then forgotten, so that a later caller tries again; a cancelled worker hands the work
    to one of those who wait.
    """

    __slots__ = ("_entries", "_on_answer")

    def __init__(
        self, recorded: Mapping[str, Answer], on_answer: Callable[[str, str, Answer], None]
    ) -> None:
        """Start with what an earlier run recorded.

        `on_answer(key, node, answer)` is called once for each paid answer, before anyone sees it.
        """
        self._entries: dict[str, Answer | asyncio.Future[Answer]] = dict(recorded)
        self._on_answer = on_answer

    async def get(
        self, key: str, node: str, work: Callable[[], Awaitable[Answer]], *, paid: bool
    ) -> tuple[Answer, bool]:
        """Return the answer, and whether this caller did the work.

        Raises:
            Exception: what `work` raised, to the one who ran it and to all who waited.
        """
        while True:
            entry = self._entries.get(key)
            if entry is None:
                return await self._run(key, node, work, paid=paid), True
            if isinstance(entry, Answer):
                return entry, False
            try:
                return await asyncio.shield(entry), False
            except asyncio.CancelledError:
                if not entry.cancelled() or _cancelled():
                    raise

    async def _run(
        self, key: str, node: str, work: Callable[[], Awaitable[Answer]], *, paid: bool
    ) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._entries[key] = future
        try:
            answer = await work()
            if paid:
                self._on_answer(key, node, answer)
        except asyncio.CancelledError:
            del self._entries[key]
            future.cancel()
            raise
        except BaseException as failure:
            del self._entries[key]
            future.set_exception(failure)
            future.exception()  # seen: nobody may be waiting
            raise
        self._entries[key] = answer
        future.set_result(answer)
        return answer


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
