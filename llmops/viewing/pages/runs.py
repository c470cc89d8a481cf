"""All runs: searched, filtered, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from llmops.viewing.page import page
from llmops.viewing.viewer import VIEWER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from llmops.viewing.catalogue import Entry

_MOST: Final = 100
_FILTERS: Final = ("experiment", "status", "outcome")


async def show(request: web.Request) -> web.Response:
    """Show the runs that were asked for."""
    viewer = request.app[VIEWER]
    entries = await viewer.away(viewer.catalogue.entries)
    wanted = {name: request.query.get(name, "") for name in ("text", *_FILTERS)}
    found = [entry for entry in entries if _fits(entry, wanted)]
    start = _start(request.query.get("from", ""), len(found))
    return page(
        request,
        "runs.html",
        wanted=wanted,
        query=urlencode({name: value for name, value in wanted.items() if value}),
        choices={name: _choices(entries, name) for name in _FILTERS},
        entries=found[start : start + _MOST],
        total=len(entries),
        found=len(found),
        start=start,
        step=_MOST,
    )


def _fits(entry: Entry, wanted: dict[str, str]) -> bool:
    words = wanted["text"].lower().split()
    return all(word in entry.facts.words for word in words) and all(
        wanted[name] in {"", _value(entry, name)} for name in _FILTERS
    )


def _value(entry: Entry, name: str) -> str:
    values = {
        "experiment": entry.experiment,
        "status": entry.facts.status,
        "outcome": entry.facts.outcome,
    }
    return values[name]


def _choices(entries: Iterable[Entry], name: str) -> list[str]:
    return sorted({value for entry in entries if (value := _value(entry, name))})


def _start(text: str, count: int) -> int:
    start = int(text) if text.isdecimal() and len(text) < 10 else 0
    return start if start < count else 0
