"""The control side: for those who can read the gateway's folder, on loopback, with its token."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from llmops.errors import ConfigError
from llmops.gateway.configuration import (
    dump_configuration,
    parse_configuration,
    write_configuration,
)
from llmops.gateway.refusal import Refused
from llmops.gateway.status import dump_status

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp.typedefs import Handler, Middleware

    from llmops.concurrency import Threads
    from llmops.gateway.router import Router

_JSON: Final = "application/json"
_MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Shows and changes one router; `file` is where the configuration is kept."""

    router: Router
    file: Path
    token: str
    threads: Threads
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def application(self) -> web.Application:
        """Return the application; nothing is reached without the token."""
        app = web.Application(middlewares=(_guarded(self.token),), client_max_size=_MOST_BYTES)
        app.add_routes(
            [
                web.get("/gateway/status", self._status),
                web.get("/gateway/configuration", self._show),
                web.put("/gateway/configuration", self._change),
                web.get("/metrics", self._metrics),
            ]
        )
        return app

    async def _change(self, request: web.Request) -> web.Response:
        """Keep a configuration and follow it from the next request on; said again, it is as said.

        It is on disk before it holds, and it holds before this answers.
        """
        try:
            configuration = parse_configuration(await request.read(), "configuration")
            self.router.require_possible(configuration)
        except ConfigError as error:
            return Refused(400, str(error)).response()
        async with self._one_at_a_time:
            try:
                await self.threads.run(partial(write_configuration, self.file, configuration))
            except OSError as error:
                message = f"{self.file.name}: cannot be written: {error.strerror}"
                return Refused(500, message).response()
            await self.router.apply(configuration)
        return await self._status(request)

    async def _show(self, _: web.Request) -> web.Response:
        body = dump_configuration(self.router.configuration)
        return web.Response(body=body, content_type=_JSON)

    async def _status(self, _: web.Request) -> web.Response:
        return web.Response(body=dump_status(await self.router.status()), content_type=_JSON)

    async def _metrics(self, _: web.Request) -> web.Response:
        body = await self.router.metrics()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _guarded(token: str) -> Middleware:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        shown = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(shown, expected):
            message = "the token is missing or wrong; send Authorization: Bearer TOKEN"
            return Refused(401, message, {"WWW-Authenticate": "Bearer"}).response()
        return await handler(request)

    return guarded
