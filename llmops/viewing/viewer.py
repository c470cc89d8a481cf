"""What all pages share: the runs there are, and who is reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import web

from llmops.viewing.catalogue import Catalogue
from llmops.viewing.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llmops.concurrency import Threads
    from llmops.viewing.catalogue import Entry

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """One project, read by one browser."""

    project: Path
    catalogue: Catalogue
    threads: Threads
    session: Session = field(default_factory=Session)

    @classmethod
    def of(cls, project: Path, threads: Threads) -> Viewer:
        """Return the viewer of a project's `reports/`."""
        return cls(project=project, catalogue=Catalogue(project / "reports"), threads=threads)

    async def away(self, work: Callable[[], R]) -> R:
        """Return what the function returns; other requests are answered meanwhile."""
        return await self.threads.run(work)


VIEWER: Final = web.AppKey("viewer", Viewer)


def entry_of(request: web.Request) -> Entry:
    """Return the run that the request's path names.

    Raises:
        Refused: when there is none.
    """
    names = request.match_info
    return request.app[VIEWER].catalogue.entry(f"{names['experiment']}/{names['run']}")
