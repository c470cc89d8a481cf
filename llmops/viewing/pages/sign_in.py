"""Signing in: the reviewer's browser signs a text that was drawn here."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from llmops.approvers import read_approvers
from llmops.viewing.page import page
from llmops.viewing.sent import sent
from llmops.viewing.viewer import VIEWER, entry_of


class Signed(BaseModel):
    """What the browser answers: a signature in base64."""

    model_config = ConfigDict(extra="forbid")

    signature: str


async def show(request: web.Request) -> web.Response:
    """Ask for the key of one who may review the run."""
    viewer, entry = request.app[VIEWER], entry_of(request)
    approvers = read_approvers(viewer.project, entry.experiment)
    return page(request, "sign_in.html", entry=entry, approvers=approvers)


async def challenge(request: web.Request) -> web.Response:
    """Give a text to sign."""
    return web.json_response({"challenge": request.app[VIEWER].session.challenge()})


async def answer(request: web.Request) -> web.Response:
    """Sign in whose key made the signature."""
    viewer, entry = request.app[VIEWER], entry_of(request)
    said = await sent(request, Signed)
    viewer.session.enter(viewer.project, entry.experiment, said.signature)
    return web.json_response({})


async def reviewer(request: web.Request) -> web.Response:
    """Show who has signed in."""
    return page(request, "reviewer.html")


async def leave(request: web.Request) -> web.Response:
    """Sign out."""
    request.app[VIEWER].session.leave()
    return web.json_response({})
