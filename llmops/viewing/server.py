"""The server: loopback only, no request logged, ended by Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web

from llmops.concurrency import Threads
from llmops.errors import ConfigError, Fault
from llmops.viewing.page import PAGES, Pages
from llmops.viewing.pages import ROUTES
from llmops.viewing.refusal import worded
from llmops.viewing.security import ACCESS, MOST_BYTES, Access, add_headers, guarded
from llmops.viewing.viewer import VIEWER, Viewer

if TYPE_CHECKING:
    from collections.abc import Callable

_STATIC: Final = Path(__file__).parent / "static"


async def serve(project: Path, *, port: int, announce: Callable[[str], None]) -> None:
    """Serve the project's runs until cancelled; `announce` is given the address to open.

    Raises:
        ConfigError: when the port is taken.
    """
    listener = _listener(port)
    access = Access(port=listener.getsockname()[1])
    threads = Threads(max(2, os.cpu_count() or 2))
    runner = web.AppRunner(
        application(Viewer.of(project, threads), access), access_log=None, shutdown_timeout=1
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        announce(access.url)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        threads.close()


def application(viewer: Viewer, access: Access) -> web.Application:
    """Return the application; nothing is reached but through the guard."""
    app = web.Application(middlewares=(worded, guarded), client_max_size=MOST_BYTES)
    app[ACCESS] = access
    app[VIEWER] = viewer
    app[PAGES] = Pages(viewer)
    app.on_response_prepare.append(add_headers)
    app.add_routes([web.static("/static", _STATIC), *ROUTES])
    return app


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        fault = Fault(
            where=f"--port {port}",
            seen=f"cannot be used: {error.strerror}",
            next_step="choose another, or 0 for any that is free",
        )
        raise ConfigError([fault]) from error
