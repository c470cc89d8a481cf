"""Listens, opens the connections, answers until it is told to end, and then lets nobody down."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from aiohttp import web

from llmops.errors import ConfigError, Fault
from llmops.serving.admission import Admission
from llmops.serving.application import application
from llmops.serving.json_logging import FIELDS, log_as_json
from llmops.serving.metrics import Metrics
from llmops.serving.open_connections import opened
from llmops.serving.production_log import ProductionLog
from llmops.serving.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiohttp.typedefs import Middleware

    from llmops.serving.served import Served
    from llmops.serving.settings import Settings

_BACKLOG: Final = 1024
_LAST_REQUESTS_SECONDS: Final = 0.3
"""How long a drain takes requests that are on their way, on connections that are open."""
_LOG: Final = logging.getLogger(__name__)


async def serve(
    served: Served, settings: Settings, listener: socket.socket, announce: Callable[[], None]
) -> None:
    """Serve until cancelled; `announce` is called when requests are answered.

    Raises:
        ConfigError: when a connection cannot be opened.
        LLMOpsError: when the production log cannot be written.
    """
    log_as_json(served.redact, deployment=settings.deployment, release=served.release.label)
    metrics = Metrics(served.release, settings.deployment)
    async with AsyncExitStack() as stack:
        log = None
        if settings.log_sample:
            log = ProductionLog(settings.log_folder, settings.log_sample, served.redact)
            stack.callback(log.close)
        service = Service(
            served=served,
            settings=settings,
            metrics=metrics,
            admission=Admission(settings.concurrency, settings.queue, metrics),
            log=log,
            resources=await stack.enter_async_context(opened(served.connections, settings)),
        )
        app = application(service, *_traced(stack, served, settings))
        runner = web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,
            keepalive_timeout=settings.keep_alive_seconds,
            shutdown_timeout=1.0,
        )
        await runner.setup()
        try:
            await web.SockSite(runner, listener, backlog=_BACKLOG).start()
            announce()
            _LOG.info("ready")
            await asyncio.Event().wait()
        finally:
            await _drain(service, runner)
            await runner.cleanup()


def _traced(stack: AsyncExitStack, served: Served, settings: Settings) -> Iterator[Middleware]:
    """Yield what traces requests, where OpenTelemetry is told where traces go."""
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from llmops.serving.tracing import tracing

        yield stack.enter_context(tracing(served.release, settings.deployment))


async def _drain(service: Service, runner: web.AppRunner) -> None:
    """Take no new connection, answer what was asked, and say so to clients that would ask again."""
    service.draining = True
    grace = service.settings.grace_seconds
    _LOG.info("draining", extra={FIELDS: {"grace_seconds": grace}})
    await asyncio.sleep(0)  # those that the system has accepted for us are ours
    for site in runner.sites:
        await site.stop()
    await asyncio.sleep(min(_LAST_REQUESTS_SECONDS, grace))
    left = await service.until_idle(grace)
    _LOG.info("ended", extra={FIELDS: {"cut_off": left}})


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        ConfigError: when the address cannot be used.
    """
    try:
        return socket.create_server((host, port), family=_family(host))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fault = Fault(
            where=f"{host}:{port}",
            seen=f"cannot be used: {reason}",
            next_step="choose another --port, or 0 for any that is free",
        )
        raise ConfigError([fault]) from error


def share(host: str, port: int) -> socket.socket:
    """Return a socket bound to a port that others may share; until it listens, it gets nothing."""
    place = socket.socket(_family(host))
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind((host, port))
    return place


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def address_of(listener: socket.socket) -> str:
    """Return the address as clients write it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
