"""The HTTPRoute: who gets which share, as the Gateway API's standard channel can state it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.domain.deployment import Routing
from llmops.targets.kubernetes.naming import MANAGER, Identity, object_name
from llmops.targets.kubernetes.objects import HTTP_ROUTE, entries
from llmops.targets.kubernetes.surroundings import SERVICE_PORT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from llmops.targets.kubernetes.objects import Object
    from llmops.targets.kubernetes.target import KubernetesTarget

PUBLIC: Final = {
    "/score": "POST",
    "/feedback": "POST",
    "/health": "GET",
    "/ready": "GET",
    "/version": "GET",
    "/openapi.json": "GET",
}
"""What clients may ask for; the counts are for the cluster only."""


def http_route(target: KubernetesTarget, identity: Identity, routing: Routing) -> Object:
    """Return the route; deployments without a share are in it with weight 0."""
    rule: Object = {
        "matches": [
            {"path": {"type": "Exact", "value": path}, "method": method}
            for path, method in PUBLIC.items()
        ],
        "timeouts": {"request": f"{target.answer_seconds}s"},
        "backendRefs": [
            {**_backend(identity, name), "weight": percent}
            for name, percent in routing.percent.items()
        ],
    }
    copies = [_mirror(identity, name, percent) for name, percent in routing.mirror.items()]
    if any(routing.mirror.values()):
        rule["filters"] = [copy for copy in copies if copy["requestMirror"].get("percent") != 0]
    spec: Object = {"parentRefs": [_parent(target)], "rules": [rule]}
    if target.hostnames:
        spec["hostnames"] = list(target.hostnames)
    return {
        "apiVersion": HTTP_ROUTE.version,
        "kind": HTTP_ROUTE.name,
        "metadata": {
            "name": object_name(identity.endpoint),
            "namespace": target.namespace,
            "labels": {
                **target.labels,
                "app.kubernetes.io/name": identity.endpoint,
                "app.kubernetes.io/component": "route",
                "app.kubernetes.io/managed-by": MANAGER,
                **identity.labels(),
            },
            **({"annotations": dict(target.annotations)} if target.annotations else {}),
        },
        "spec": spec,
    }


def routing_of(route: Object, deployments: Mapping[str, str]) -> Routing:
    """Return what a route says, in percent; `deployments` are the names by their Service's.

    Weights that somebody else has stated may add up to anything.
    """
    rules = entries(route, "spec", "rules")
    rule: Object = rules[0] if rules else {}
    weights = {
        _named(each, deployments): int(each.get("weight", 1))
        for each in entries(rule, "backendRefs")
    }
    filters = entries(rule, "filters")
    copies = [each["requestMirror"] for each in filters if "requestMirror" in each]
    return Routing(
        percent=_percent(weights),
        mirror={_named(each["backendRef"], deployments): _share(each) for each in copies},
    )


def _backend(identity: Identity, deployment: str) -> Object:
    name = object_name(identity.endpoint, deployment)
    return {"kind": "Service", "name": name, "port": SERVICE_PORT}


def _mirror(identity: Identity, deployment: str, percent: int) -> Object:
    copy: Object = {"backendRef": _backend(identity, deployment)}
    if percent != 100:  # all is what every Gateway can do; a share is an extended feature
        copy["percent"] = percent
    return {"type": "RequestMirror", "requestMirror": copy}


def _parent(target: KubernetesTarget) -> Object:
    gateway = target.gateway
    parent = {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": gateway.name,
        "namespace": gateway.namespace or target.namespace,
    }
    return {**parent, "sectionName": gateway.section} if gateway.section else parent


def _named(reference: Mapping[str, Any], deployments: Mapping[str, str]) -> str:
    return deployments.get(reference["name"], reference["name"])


def _share(mirror: Mapping[str, Any]) -> int:
    if fraction := mirror.get("fraction"):
        return round(100 * fraction["numerator"] / fraction.get("denominator", 100))
    return int(mirror.get("percent", 100))


def _percent(weights: Mapping[str, int]) -> dict[str, int]:
    total = sum(weights.values())
    if not total:
        return dict.fromkeys(weights, 0)
    shares = {name: weight * 100 // total for name, weight in weights.items()}
    # What rounding left goes to those that lost most by it.
    lost = sorted(weights, key=lambda name: -(weights[name] * 100 % total))
    for name in lost[: 100 - sum(shares.values())]:
        shares[name] += 1
    return shares
