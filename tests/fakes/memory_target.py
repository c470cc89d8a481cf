"""A target that only remembers, and that can be killed at any of its steps."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.domain.deployment import DeploymentState, EndpointState, Reply, Routing
from llmops.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from llmops.domain.deployment import Deployment


class Killed(BaseException):
    """Nothing after this is done, as after `kill -9`."""


@dataclass
class MemoryTarget:
    """`killed_at` counts effects, before and after each; `done` are those that came about."""

    reply: Reply = field(default_factory=lambda: Reply(status=200, content=b'{"label": "x"}'))
    unready: set[str] = field(default_factory=set[str])
    killed_at: int | None = None
    done: list[str] = field(default_factory=list[str])
    deployments: dict[str, Deployment] = field(default_factory=dict[str, "Deployment"])
    routing: Routing = field(default_factory=Routing)
    asked: list[object] = field(default_factory=list[object])
    _points: int = 0

    @property
    def points(self) -> int:
        """How many moments there were at which it could have been killed."""
        return self._points

    def restart(self, killed_at: int | None) -> None:
        """Begin to count anew."""
        self.killed_at, self._points = killed_at, 0

    async def state(self) -> EndpointState:
        return EndpointState(
            address="http://127.0.0.1:1",
            deployments=tuple(
                DeploymentState(
                    name=name,
                    release=each.release.label,
                    digest=each.release.digest,
                    status="failed" if name in self.unready else "ready",
                    detail="it fell over" if name in self.unready else "",
                )
                for name, each in self.deployments.items()
            ),
            routing=self.routing,
        )

    async def changes(self, deployment: Deployment) -> Sequence[str]:
        return () if self.deployments.get(deployment.name) == deployment else ("start it",)

    async def put(self, deployment: Deployment) -> None:
        async with self._effect(f"put {deployment.name}"):
            self.deployments[deployment.name] = deployment
        if deployment.name in self.unready:
            raise TargetError(f"{deployment.name}: it fell over")

    async def ask(self, name: str, body: bytes) -> Reply:
        self.asked.append((name, json.loads(body)))
        async with self._effect(f"ask {name}"):
            return self.reply

    async def route(self, routing: Routing) -> None:
        async with self._effect("route"):
            self.routing = routing

    async def remove(self, name: str) -> None:
        async with self._effect(f"remove {name}"):
            self.deployments.pop(name, None)

    async def close_endpoint(self) -> None:
        async with self._effect("close"):
            self.routing = Routing()

    @asynccontextmanager
    async def _effect(self, what: str) -> AsyncGenerator[None]:
        self._point()
        yield
        self.done.append(what)
        self._point()

    def _point(self) -> None:
        self._points += 1
        if self._points == self.killed_at:
            raise Killed
