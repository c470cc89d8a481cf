"""Opens the ports of the built-in gateway and keeps it going until it is told to end."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING, Final

from aiohttp import web

from llmops.concurrency import together
from llmops.gateway.access_log import AccessLog, BoundedFile
from llmops.gateway.configuration import read_configuration
from llmops.gateway.deployments import Deployments
from llmops.gateway.folder import ACCESS_LOG, CONFIGURATION_FILE, UNIT_KEY
from llmops.gateway.health import keep_checking
from llmops.gateway.metrics import Metrics
from llmops.gateway.mirror import Mirror
from llmops.gateway.owner import address_of, controlled, listen
from llmops.gateway.proxy import Proxy
from llmops.gateway.router import BuiltIn
from llmops.gateway.units import Units, secret_of
from llmops.gateway.upstream import open_session

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from llmops.domain.traffic import Limits

_BACKLOG: Final = 1024
_LAST_REQUESTS_SECONDS: Final = 0.3
"""How long the end takes requests that are on their way, on connections that are open."""
_CLIENTS: Final = logging.getLogger("llmops.gateway.clients")
_CLIENTS.disabled = True  # what is wrong with a request is said to who sent it: it may be secret


async def run_gateway(folder: Path, host: str, port: int) -> None:
    """Serve what `gateway.json` in the folder says until cancelled.

    Raises:
        ConfigError: when the configuration is wrong or the port is taken.
    """
    deployments = Deployments(read_configuration(folder / CONFIGURATION_FILE))
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listen(host, port))
        file = stack.enter_context(closing(BoundedFile(folder / ACCESS_LOG)))
        log = AccessLog(file, Units(secret_of(folder / UNIT_KEY)))
        session = await stack.enter_async_context(open_session())
        mirror = Mirror(session, deployments, metrics)
        proxy = Proxy(
            session=session, deployments=deployments, mirror=mirror, metrics=metrics, log=log
        )
        await stack.enter_async_context(
            _answered(proxy, listener, deployments.configuration.limits)
        )
        await stack.enter_async_context(
            controlled(folder, BuiltIn(deployments, metrics), address_of(listener))
        )
        await together([keep_checking(session, deployments), mirror.run()])


@asynccontextmanager
async def _answered(proxy: Proxy, listener: socket.socket, limits: Limits) -> AsyncGenerator[None]:
    """Take requests; at the end take no new connection and answer what was asked."""
    server = web.Server(
        proxy.handle,
        access_log=None,
        logger=_CLIENTS,
        auto_decompress=False,
        handler_cancellation=True,
        keepalive_timeout=limits.idle_seconds,
    )
    runner = web.ServerRunner(server, shutdown_timeout=limits.grace_seconds)
    await runner.setup()
    try:
        await web.SockSite(runner, listener, backlog=_BACKLOG).start()
        yield
    finally:
        proxy.ending = True
        await asyncio.sleep(0)  # those that the system has accepted for us are ours
        for site in runner.sites:
            await site.stop()
        await asyncio.sleep(min(_LAST_REQUESTS_SECONDS, limits.grace_seconds))
        await runner.cleanup()
