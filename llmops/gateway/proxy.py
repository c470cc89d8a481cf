"""The public side: every request is answered, counted and logged, whatever happens to it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops.gateway.exchange import Exchange
from llmops.gateway.forwarding import Forwarding
from llmops.gateway.headers import request_id_of

if TYPE_CHECKING:
    import aiohttp
    from aiohttp import web

    from llmops.gateway.access_log import AccessLog
    from llmops.gateway.deployments import Deployments
    from llmops.gateway.metrics import Metrics
    from llmops.gateway.mirror import Mirror

_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Proxy:
    """Answers the requests of an endpoint with its deployments.

    When it is `ending`, clients are told to use their connections no more.
    """

    session: aiohttp.ClientSession
    deployments: Deployments
    mirror: Mirror
    metrics: Metrics
    log: AccessLog
    ending: bool = False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        configuration = self.deployments.configuration
        exchange = Exchange(
            request_id=request_id_of(request, configuration.request_id_header),
            method=request.method,
            path=request.path,
        )
        try:
            return await Forwarding(
                session=self.session,
                deployments=self.deployments,
                mirror=self.mirror,
                configuration=configuration,
                request=request,
                exchange=exchange,
                last=self.ending,
            ).answer()
        except asyncio.CancelledError:
            exchange.broken_off_by = "client"
            raise
        except Exception:
            _LOG.exception("request %s", exchange.request_id)
            exchange.status = 500
            raise
        finally:
            exchange.end()
            self.metrics.count(exchange)
            self.log.write(exchange)
