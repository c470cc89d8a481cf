"""One run: what it found, what it left, and what was decided about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.viewing.page import page
from llmops.viewing.pages.files import listed
from llmops.viewing.standing import standing
from llmops.viewing.viewer import VIEWER, entry_of

if TYPE_CHECKING:
    from aiohttp import web


async def show(request: web.Request) -> web.Response:
    """Show the run."""
    viewer, entry = request.app[VIEWER], entry_of(request)
    comparison = await viewer.away(lambda: entry.review.comparison)
    decided = await viewer.away(lambda: standing(viewer.project, entry))
    files = {name: path.stat().st_size for name, path in listed(entry.folder).items()}
    return page(
        request,
        "run.html",
        entry=entry,
        comparison=comparison,
        numbers=entry.review.numbers,
        gates=entry.review.gates(comparison.decision.configuration),
        standing=decided,
        files=files,
    )
