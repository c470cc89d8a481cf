"""The way back to the client: whole answers at once, streams as they come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from llmops.gateway.refusal import Refused
from llmops.gateway.upstream import Unanswered, parts

if TYPE_CHECKING:
    import aiohttp
    from aiohttp import web

    from llmops.domain.traffic import Limits
    from llmops.gateway.exchange import Exchange


async def deliver(
    request: web.BaseRequest, response: web.Response, exchange: Exchange, limits: Limits
) -> None:
    """Send a whole answer; a client that is gone, or does not take it in time, is let go."""
    try:
        async with asyncio.timeout(limits.client_seconds):
            await response.prepare(request)
            await response.write_eof()
    except (ConnectionError, TimeoutError):
        _cut_off(request)
        exchange.broken_off_by = "client"
    else:
        exchange.status = response.status


async def pass_on(
    request: web.BaseRequest,
    response: web.StreamResponse,
    answer: aiohttp.ClientResponse,
    exchange: Exchange,
    limits: Limits,
) -> None:
    """Send each part when it is there.

    When the deployment breaks off, so does the client's connection: an answer that is not whole
    must not look whole.
    """
    exchange.status = response.status
    try:
        await response.prepare(request)
        async for part in parts(answer, limits):
            async with asyncio.timeout(limits.client_seconds):
                await response.write(part)
        await response.write_eof()
    except (Unanswered, Refused):
        _cut_off(request)
        exchange.broken_off_by = "deployment"
    except (ConnectionError, TimeoutError):
        _cut_off(request)
        exchange.broken_off_by = "client"


def _cut_off(request: web.BaseRequest) -> None:
    if request.transport:
        request.transport.abort()
