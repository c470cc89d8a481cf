"""Endpoints as the ledger has them: what serves which share, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops import ledger
from llmops.viewing.endpoints import endpoints, runs_by_release
from llmops.viewing.looks import looks
from llmops.viewing.page import page
from llmops.viewing.pages.files import report_page
from llmops.viewing.refusal import not_found
from llmops.viewing.timeline import timeline
from llmops.viewing.viewer import VIEWER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from llmops.domain.ledger import Verified
    from llmops.viewing.viewer import Viewer


async def show_all(request: web.Request) -> web.Response:
    """Show every endpoint; of a broken ledger only what is broken."""
    viewer = request.app[VIEWER]
    verified = await viewer.away(lambda: ledger.verify(viewer.project))
    if verified.breaks:
        return _broken(request, verified)
    return page(
        request,
        "endpoints.html",
        breaks=(),
        endpoints=endpoints(verified.records),
        runs=await viewer.away(lambda: _runs(viewer, verified)),
    )


async def show(request: web.Request) -> web.Response:
    """Show one endpoint, and all that happened there."""
    viewer, name = request.app[VIEWER], _name(request)
    verified = await viewer.away(lambda: ledger.verify(viewer.project))
    if verified.breaks:
        return _broken(request, verified)
    found = {each.name: each for each in endpoints(verified.records)}
    if name not in found:
        raise not_found(f"endpoint {name}")
    return page(
        request,
        "endpoint.html",
        endpoint=found[name],
        events=timeline(verified.records, name),
        runs=await viewer.away(lambda: _runs(viewer, verified)),
        looks=await viewer.away(lambda: looks(viewer.project, name)),
    )


async def show_look(request: web.Request) -> web.StreamResponse:
    """Send the report of a look."""
    viewer, name, look = request.app[VIEWER], _name(request), request.match_info["look"]
    found = (await viewer.away(lambda: looks(viewer.project, name))).get(look)
    if found is None:
        raise not_found(f"look {look} at endpoint {name}")
    return report_page(found)


def _broken(request: web.Request, verified: Verified) -> web.Response:
    return page(request, "endpoints.html", breaks=verified.breaks)


def _name(request: web.Request) -> str:
    return f"{request.match_info['environment']}/{request.match_info['endpoint']}"


def _runs(viewer: Viewer, verified: Verified) -> Mapping[str, str]:
    """Return the page of the run that each release came from, where the run is here."""
    addresses = {entry.key: entry.address for entry in viewer.catalogue.entries()}
    return {
        release: addresses[run]
        for release, run in runs_by_release(verified.records).items()
        if run in addresses
    }
