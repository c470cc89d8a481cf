"""The files of a run, as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from llmops.viewing.refusal import not_found
from llmops.viewing.viewer import entry_of

if TYPE_CHECKING:
    from pathlib import Path

_TEXTS: Final = frozenset({".csv", ".json", ".jsonl", ".md", ".xml"})
_SANDBOX: Final = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
_REPORT: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    f"{_SANDBOX} allow-scripts allow-downloads allow-modals"
)
"""A report brings its script along, and states in itself by which digest it may run. Here it runs
in an origin of its own: it has no cookie, and reaches nothing."""


async def show(request: web.Request) -> web.StreamResponse:
    """Send one file of a run; the report as a page, all others as text."""
    entry = entry_of(request)
    name = request.match_info["file"]
    path = listed(entry.folder).get(name)
    if path is None:
        raise not_found(f"file {name} of run {entry.key}")
    if name == "report.html":
        return report_page(path)
    headers = {"Content-Security-Policy": f"default-src 'none'; {_SANDBOX}"}
    if path.suffix in _TEXTS:
        headers["Content-Type"] = "text/plain; charset=utf-8"
    else:
        headers |= {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
    return web.FileResponse(path, headers=headers)


def report_page(path: Path) -> web.FileResponse:
    """Send a report as a page."""
    headers = {"Content-Security-Policy": _REPORT, "Content-Type": "text/html; charset=utf-8"}
    return web.FileResponse(path, headers=headers)


def listed(folder: Path) -> dict[str, Path]:
    """Return the files of a run by name; no folders, no links, nothing hidden."""
    return {
        path.name: path
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    }
