"""One request's way: read, choose, send, try again where that is safe, answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from llmops.gateway.bodies import HELD_BYTES, Body
from llmops.gateway.delivery import deliver, pass_on
from llmops.gateway.headers import end_to_end, to_deployment
from llmops.gateway.refusal import Refused
from llmops.gateway.stickiness import StickyKey
from llmops.gateway.upstream import Outgoing, Unanswered, Unreached, read, send

if TYPE_CHECKING:
    import aiohttp
    from multidict import CIMultiDict

    from llmops.domain.traffic import GatewayConfiguration
    from llmops.gateway.deployments import Deployments
    from llmops.gateway.exchange import Exchange
    from llmops.gateway.instances import Instance
    from llmops.gateway.mirror import Mirror

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110, 9.2.2; aiohttp sends such a request again by itself on an old connection's end."""


@dataclass(slots=True, kw_only=True)
class Forwarding:
    """A request on its way; the configuration is the one it came under.

    `last` tells that the connection is not to be used again.
    """

    session: aiohttp.ClientSession
    deployments: Deployments
    mirror: Mirror
    configuration: GatewayConfiguration
    request: web.BaseRequest
    exchange: Exchange
    last: bool
    _cookie: str = ""

    async def answer(self) -> web.StreamResponse:
        """Return the answer, which the client has by then, or as much of it as it took."""
        try:
            self._check()
            body = Body(self.request, self.configuration.limits)
            await body.hold()
            self._find_key()
            return await self._try(body)
        except Refused as refused:
            response = refused.response()
            self._complete(response.headers)
            await deliver(self.request, response, self.exchange, self.configuration.limits)
            return response

    def _check(self) -> None:
        if self.request.method == "CONNECT" or not self.request.raw_path.startswith(("/", "http")):
            raise Refused(405, "this is no proxy for other places")
        if self.request.path in self.configuration.private_paths:
            raise Refused(404, "there is nothing here")

    def _find_key(self) -> None:
        source = StickyKey(self.configuration.sticky)
        self.exchange.key = source.of(self.request)
        if not self.exchange.key and source.given:
            self.exchange.key, self._cookie = source.fresh()

    async def _try(self, body: Body) -> web.StreamResponse:
        outgoing = Outgoing(
            method=self.request.method,
            target=self.request.rel_url.raw_path_qs,
            headers=to_deployment(
                self.request, self.configuration.request_id_header, self.exchange.request_id
            ),
        )
        tried: list[Instance] = []
        unreached: list[Instance] = []
        while instance := self._next(tried, unreached):
            self.exchange.ask(instance.deployment)
            try:
                response = await self._ask(instance, outgoing, body)
            except Unreached:
                unreached.append(instance)
                again = not body.begun
            except Unanswered:
                again = len(tried) == len(unreached) and self._repeatable(body)
            else:
                self.mirror.offer(outgoing, body, instance.deployment)
                return response
            tried.append(instance)
            instance.failed(self.configuration.health)
            if not again:
                message = "the deployment broke off; the request may have been worked on"
                raise Refused(502, message)
        raise Refused(503, "no deployment can answer now", {"Retry-After": "1"})

    def _next(self, tried: list[Instance], unreached: list[Instance]) -> Instance | None:
        """Return one not asked yet, else one that was reached: its connection may have been old."""
        key, choose = self.exchange.key, self.deployments.choose
        return choose(key, tried) or choose(key, unreached)

    def _repeatable(self, body: Body) -> bool:
        method = self.request.method
        declared = f"{method} {self.request.path}" in self.configuration.retry_unanswered
        return body.held is not None and (method in _IDEMPOTENT or declared)

    async def _ask(self, instance: Instance, outgoing: Outgoing, body: Body) -> web.StreamResponse:
        limits = self.configuration.limits
        with instance.at_work():
            answer = await send(self.session, instance, outgoing, body, limits)
            async with answer:
                headers = end_to_end(answer.headers)
                self._complete(headers)
                if not _is_small(answer):
                    return await self._pass_on(instance, answer, headers)
                content = await read(answer, limits)
        instance.answered()
        response = web.Response(
            body=content, status=answer.status, reason=answer.reason, headers=headers
        )
        await deliver(self.request, response, self.exchange, limits)
        return response

    async def _pass_on(
        self, instance: Instance, answer: aiohttp.ClientResponse, headers: CIMultiDict[str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
        await pass_on(self.request, response, answer, self.exchange, self.configuration.limits)
        if self.exchange.broken_off_by == "deployment":
            instance.failed(self.configuration.health)
        else:
            instance.answered()
        return response

    def _complete(self, headers: CIMultiDict[str]) -> None:
        """Add what is the gateway's to say."""
        headers[self.configuration.request_id_header] = self.exchange.request_id
        headers.popall(self.configuration.deployment_header, None)
        headers.setdefault("Server", "llmops")
        if self.exchange.deployment:
            headers[self.configuration.deployment_header] = self.exchange.deployment
        if self._cookie:
            headers.add("Set-Cookie", self._cookie)
        if self.last:
            headers["Connection"] = "close"


def _is_small(answer: aiohttp.ClientResponse) -> bool:
    """Tell whether the answer is better held: until it is whole, another may still be got."""
    length = answer.content_length
    return length is not None and length <= HELD_BYTES
