"""Waits until the cluster has done what was applied, and says why it has not."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from llmops.errors import TargetError
from llmops.redaction import Redactor
from llmops.targets.kubernetes.naming import object_name
from llmops.targets.kubernetes.objects import DEPLOYMENT, EVENT, HTTP_ROUTE, POD, entries, name_of
from llmops.targets.kubernetes.rollout import Obstacle, rollout

if TYPE_CHECKING:
    from llmops.targets.kubernetes.objects import Object
    from llmops.targets.kubernetes.scope import Scope

_LOOK_SECONDS: Final = 5.0
"""How long nothing may be heard of a Deployment before its Pods are looked at."""


async def until_ready(scope: Scope, deployment: str) -> None:
    """Wait until every instance is as stated and takes requests.

    Raises:
        TargetError: when that fails, or takes longer than `rollout_seconds`.
    """
    autoscaling = scope.target.autoscaling
    least = autoscaling.min_instances if autoscaling else 0
    name = object_name(scope.identity.endpoint, deployment)
    ends = time.monotonic() + scope.target.rollout_seconds
    while True:
        live = await scope.api.get(DEPLOYMENT, name)
        if live is None:
            raise TargetError(f"{deployment}: its Deployment was deleted meanwhile")
        pods = await scope.api.list(POD, scope.identity.selector(deployment))
        seen = rollout(live, pods, least)
        if seen.complete:
            return
        left = ends - time.monotonic()
        if left <= 0 or (seen.obstacle and seen.obstacle.final):
            told = replace(seen, obstacle=await _explained(scope, seen.obstacle))
            late = f" within {scope.target.rollout_seconds} s" if left <= 0 else ""
            raise TargetError(f"{deployment}: not ready{late}: {told.detail}")
        await scope.api.await_change(DEPLOYMENT, live, min(left, _LOOK_SECONDS))


async def until_routed(scope: Scope, route: Object) -> None:
    """Wait until the Gateway has taken the route as it is now.

    Raises:
        TargetError: when it does not within `route_seconds`.
    """
    ends = time.monotonic() + scope.target.route_seconds
    while objection := _objection(route):
        left = ends - time.monotonic()
        if left <= 0:
            raise TargetError(
                f"HTTPRoute {name_of(route)}: it is applied, and after "
                f"{scope.target.route_seconds} s {objection}"
            )
        await scope.api.await_change(HTTP_ROUTE, route, left)
        found = await scope.api.get(HTTP_ROUTE, name_of(route))
        if found is None:
            raise TargetError(f"HTTPRoute {name_of(route)}: it was deleted meanwhile")
        route = found


async def until_gone(scope: Scope, deployment: str) -> None:
    """Wait until no instance of a deployment is left.

    Raises:
        TargetError: when one is still there after `rollout_seconds`.
    """
    name = object_name(scope.identity.endpoint, deployment)
    ends = time.monotonic() + scope.target.rollout_seconds
    while live := await scope.api.get(DEPLOYMENT, name):
        left = ends - time.monotonic()
        if left <= 0:
            seconds = scope.target.rollout_seconds
            raise TargetError(f"{deployment}: it still has instances after {seconds} s")
        await scope.api.await_change(DEPLOYMENT, live, left)


async def _explained(scope: Scope, obstacle: Obstacle | None) -> Obstacle | None:
    """Return the obstacle with what the instance itself, or its events, say of it."""
    said = ""
    if obstacle and obstacle.crashed:
        log = await scope.api.log(obstacle.crashed, previous=True)
        log = log or await scope.api.log(obstacle.crashed, previous=False)
        said = f"; its last lines:\n{Redactor(())(log)}" if log else ""
    elif obstacle and obstacle.unready:
        fields = f"involvedObject.name={obstacle.unready},reason=Unhealthy"
        events = await scope.api.list(EVENT, fields=fields)
        said = f": {events[-1].get('message', '')}" if events else ""
    return replace(obstacle, reason=f"{obstacle.reason}{said}") if obstacle else None


def _objection(route: Object) -> str:
    """Return what the Gateway has against the present route; empty when it has taken it."""
    parents = entries(route, "status", "parents")
    conditions = [each for parent in parents for each in entries(parent, "conditions")]
    generation = route["metadata"]["generation"]
    current = [each for each in conditions if each.get("observedGeneration", 0) >= generation]
    refused = [each for each in current if each["status"] == "False"]
    if refused:
        first = refused[0]
        return f"the Gateway has not taken it: {first.get('reason')}: {first.get('message')}"
    taken = {each["type"] for each in current if each["status"] == "True"}
    return "" if {"Accepted", "ResolvedRefs"} <= taken else "no Gateway has taken it"
