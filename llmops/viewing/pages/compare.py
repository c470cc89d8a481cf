"""Any two runs against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison import compare_runs
from llmops.viewing.page import page
from llmops.viewing.refusal import invalid
from llmops.viewing.viewer import VIEWER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from llmops.viewing.catalogue import Entry


async def show(request: web.Request) -> web.Response:
    """Show what changed from the older of two runs to the newer; a form where none is chosen."""
    viewer = request.app[VIEWER]
    entries = await viewer.away(viewer.catalogue.entries)
    chosen = _chosen(entries, request.query.getall("run", []))
    if not chosen:
        return page(request, "compare.html", entries=entries, chosen=(), comparison=None)
    first, second = chosen
    comparison = await viewer.away(lambda: compare_runs(first.review.reader, second.review.reader))
    return page(request, "compare.html", entries=entries, chosen=chosen, comparison=comparison)


def _chosen(entries: Sequence[Entry], keys: Sequence[str]) -> tuple[Entry, ...]:
    """Return the two runs, the older first; nothing when none was named."""
    chosen = tuple(entry for entry in reversed(entries) if entry.key in keys)
    if keys and len(chosen) != 2:
        raise invalid("run", f"{len(chosen)} known runs are named", "two are compared; tick two")
    return chosen
