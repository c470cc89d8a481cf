"""Copies of requests for deployments that nobody hears yet."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from llmops.concurrency import for_each
from llmops.gateway.headers import MIRROR_HEADER
from llmops.gateway.refusal import Refused
from llmops.gateway.upstream import Unanswered, Unreached, parts, send

if TYPE_CHECKING:
    import aiohttp

    from llmops.domain.traffic import Limits
    from llmops.gateway.bodies import Body
    from llmops.gateway.deployments import Deployment, Deployments
    from llmops.gateway.metrics import Metrics
    from llmops.gateway.upstream import Outgoing

_AT_ONCE: Final = 16
_WAITING: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    deployment: Deployment
    outgoing: Outgoing
    body: Body
    limits: Limits


class Mirror:
    """Sends copies after the original is answered; what finds no place in its queue is dropped."""

    def __init__(
        self, session: aiohttp.ClientSession, deployments: Deployments, metrics: Metrics
    ) -> None:
        """Have nothing to send."""
        self._session, self._deployments, self._metrics = session, deployments, metrics
        self._queue = asyncio.Queue[_Copy](_WAITING)
        self._due: dict[str, int] = {}

    def offer(self, outgoing: Outgoing, body: Body, answered_by: str) -> None:
        """Queue a copy for each deployment whose turn it is; never waits, never raises."""
        for name, deployment in self._deployments.active.items():
            share = deployment.backend.mirror_percent
            if not share or name == answered_by:
                continue
            due = self._due.get(name, 0) + share
            self._due[name] = due % 100
            if due < 100:
                continue
            if body.held is None or self._queue.full():
                self._metrics.mirrored.labels(name, "dropped").inc()
            else:
                limits = self._deployments.configuration.limits
                self._queue.put_nowait(
                    _Copy(deployment=deployment, outgoing=outgoing, body=body, limits=limits)
                )

    async def run(self) -> None:
        """Send until cancelled."""
        await for_each(range(_AT_ONCE), self._send_all, _AT_ONCE)

    async def _send_all(self, _: int) -> None:
        while True:
            copy = await self._queue.get()
            outcome = await self._send(copy)
            self._metrics.mirrored.labels(copy.deployment.backend.name, outcome).inc()

    async def _send(self, copy: _Copy) -> str:
        instance = copy.deployment.next()
        if not instance:
            return "dropped"
        copy.deployment.take_turn(instance)
        headers = copy.outgoing.headers.copy()
        headers[MIRROR_HEADER] = "true"
        outgoing = replace(copy.outgoing, headers=headers)
        try:
            with instance.at_work():
                answer = await send(self._session, instance, outgoing, copy.body, copy.limits)
                async with answer:
                    async for _ in parts(answer, copy.limits):
                        pass
        except (Unreached, Unanswered, Refused):
            return "failed"
        return "answered"
