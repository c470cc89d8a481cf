"""One endpoint in a namespace: its deployments, and the route to them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from llmops.domain.deployment import DeploymentState, EndpointState, Reply, Routing
from llmops.errors import ConfigError, Fault, TargetError
from llmops.targets.kubernetes import placing
from llmops.targets.kubernetes.connecting import connect
from llmops.targets.kubernetes.faults import routing_faults
from llmops.targets.kubernetes.naming import DIGEST, RELEASE, Identity, object_name
from llmops.targets.kubernetes.objects import (
    DEPLOYMENT,
    HTTP_ROUTE,
    POD,
    SERVICE,
    Object,
    name_of,
    section,
)
from llmops.targets.kubernetes.rollout import rollout
from llmops.targets.kubernetes.route import http_route, routing_of
from llmops.targets.kubernetes.scope import Scope, deployment_of
from llmops.targets.kubernetes.waiting import until_ready, until_routed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from llmops.domain.deployment import Deployment, Place, Target
    from llmops.targets.kubernetes.objects import Kind
    from llmops.targets.kubernetes.target import KubernetesTarget


_NO_LIMIT_SECONDS: Final = 3600.0


@asynccontextmanager
async def open_endpoint(target: KubernetesTarget, place: Place) -> AsyncGenerator[Target]:
    """See `TargetKind.open`; nothing is asked of the cluster by it.

    Raises:
        ConfigError: when the names cannot be labels, or the kubeconfig cannot be used.
    """
    identity = Identity(environment=place.environment, endpoint=place.endpoint)
    if faults := identity.faults():
        where = f"{place.environment}/{place.endpoint}"
        raise ConfigError([Fault(where=where, seen=each) for each in faults])
    api = connect(target, place.project)
    try:
        yield KubernetesEndpoint(Scope(api=api, target=target, identity=identity))
    finally:
        api.close()


@dataclass(frozen=True, slots=True)
class KubernetesEndpoint:
    """See `Target`."""

    scope: Scope

    async def state(self) -> EndpointState:
        """See `Target.state`; a Service without a Deployment is one that was left half done."""
        services = await self._of_kind(SERVICE)
        workloads = await self._of_kind(DEPLOYMENT)
        names = sorted({*services, *workloads})
        found = [await self._state(name, services.get(name), workloads.get(name)) for name in names]
        routing = await self._routing(await self.scope.deployed())
        percent = {**dict.fromkeys(names, 0), **routing.percent}
        target = self.scope.target
        default = f"https://{target.hostnames[0]}" if target.hostnames else ""
        return EndpointState(
            address=(target.address or default) if found else "",
            deployments=tuple(found),
            routing=replace(routing, percent=percent),
        )

    async def changes(self, deployment: Deployment) -> Sequence[str]:
        """See `Target.changes`."""
        return await placing.changes(self.scope, deployment)

    async def put(self, deployment: Deployment) -> None:
        """See `Target.put`."""
        await placing.put(self.scope, deployment)
        await until_ready(self.scope, deployment.name)

    async def ask(self, name: str, body: bytes) -> Reply:
        """See `Target.ask`."""
        service = object_name(self.scope.identity.endpoint, name)
        seconds = float(self.scope.target.answer_seconds or _NO_LIMIT_SECONDS)
        return await self.scope.api.post(service, "/score", body, seconds)

    async def route(self, routing: Routing) -> None:
        """See `Target.route`."""
        where = f"HTTPRoute {object_name(self.scope.identity.endpoint)}"
        if faults := routing_faults(routing):
            raise TargetError("\n".join(f"{where}: {each}" for each in faults))
        there = set((await self.scope.deployed()).values())
        named = {**routing.percent, **routing.mirror}
        if missing := [name for name in named if name not in there]:
            raise TargetError(f"{where}: not deployed: {', '.join(missing)}; deploy it first")
        if not routing.percent:
            await self.close_endpoint()
            return
        await self._own_route()
        stated = http_route(self.scope.target, self.scope.identity, routing)
        await until_routed(self.scope, await self.scope.api.apply(stated))

    async def remove(self, name: str) -> None:
        """See `Target.remove`."""
        routing = await self._routing(await self.scope.deployed())
        if share := routing.percent.get(name):
            raise TargetError(f"{name}: it has {share} % of the requests; give them to another")
        if name in {**routing.percent, **routing.mirror}:
            await self.route(_without(routing, name))
        await placing.take_away(self.scope, name)

    async def close_endpoint(self) -> None:
        """See `Target.close_endpoint`."""
        if route := await self._own_route():
            await self.scope.api.delete(HTTP_ROUTE, name_of(route))

    async def _state(
        self, name: str, service: Object | None, workload: Object | None
    ) -> DeploymentState:
        marks = section(workload or service or {}, "metadata", "annotations")
        release, digest = str(marks.get(RELEASE, "")), str(marks.get(DIGEST, ""))
        if workload is None or service is None:
            detail = "its objects are not all there: deploy it again, or delete it"
            return DeploymentState(
                name=name, release=release, digest=digest, status="failed", detail=detail
            )
        seen = rollout(workload, ())
        if not seen.complete:
            labels = self.scope.identity.selector(name)
            seen = rollout(workload, await self.scope.api.list(POD, labels))
        return DeploymentState(
            name=name, release=release, digest=digest, status=seen.status, detail=seen.detail
        )

    async def _of_kind(self, kind: Kind) -> Mapping[str, Object]:
        found = await self.scope.api.list(kind, self.scope.identity.selector())
        return {deployment_of(each): each for each in found}

    async def _own_route(self) -> Object | None:
        name = object_name(self.scope.identity.endpoint)
        return await self.scope.own(HTTP_ROUTE, name)

    async def _routing(self, deployments: Mapping[str, str]) -> Routing:
        route = await self._own_route()
        return routing_of(route, deployments) if route else Routing()


def _without(routing: Routing, name: str) -> Routing:
    percent = {each: share for each, share in routing.percent.items() if each != name}
    mirror = {each: share for each, share in routing.mirror.items() if each != name}
    return replace(routing, percent=percent, mirror=mirror)
