"""The kinds of object that an endpoint is made of, as the API server has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

Object = dict[str, Any]
"""A manifest, or what the API server makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of object; `version` has its group, but for the core kinds."""

    version: str
    name: str
    plural: str

    def path(self, namespace: str, name: str = "") -> str:
        """Return where the API server has one, or all of a namespace."""
        root = "/apis" if "/" in self.version else "/api"
        parts = (root, self.version, "namespaces", namespace, self.plural, name)
        return "/".join(part for part in parts if part)


SERVICE: Final = Kind(version="v1", name="Service", plural="services")
SERVICE_ACCOUNT: Final = Kind(version="v1", name="ServiceAccount", plural="serviceaccounts")
CONFIG_MAP: Final = Kind(version="v1", name="ConfigMap", plural="configmaps")
NETWORK_POLICY: Final = Kind(
    version="networking.k8s.io/v1", name="NetworkPolicy", plural="networkpolicies"
)
DEPLOYMENT: Final = Kind(version="apps/v1", name="Deployment", plural="deployments")
DISRUPTION_BUDGET: Final = Kind(
    version="policy/v1", name="PodDisruptionBudget", plural="poddisruptionbudgets"
)
AUTOSCALER: Final = Kind(
    version="autoscaling/v2", name="HorizontalPodAutoscaler", plural="horizontalpodautoscalers"
)
HTTP_ROUTE: Final = Kind(
    version="gateway.networking.k8s.io/v1", name="HTTPRoute", plural="httproutes"
)
POD: Final = Kind(version="v1", name="Pod", plural="pods")
EVENT: Final = Kind(version="v1", name="Event", plural="events")

APPLIED: Final = (
    *(SERVICE, SERVICE_ACCOUNT, CONFIG_MAP, NETWORK_POLICY),
    *(DEPLOYMENT, DISRUPTION_BUDGET, AUTOSCALER),
)
"""What one deployment has, in the order in which it is made.

The Service is first here and last when it is taken away: by it a deployment that was left half
made, or half removed, is known.
"""
_KINDS: Final = {kind.name: kind for kind in (*APPLIED, HTTP_ROUTE)}


def kind_of(manifest: Object) -> Kind:
    """Return the kind of a manifest of ours."""
    return _KINDS[manifest["kind"]]


def name_of(thing: Object) -> str:
    """Return the name of an object."""
    return thing["metadata"]["name"]


def title(thing: Object) -> str:
    """Return how messages call an object: `Deployment reviews-a`."""
    return f"{thing['kind']} {name_of(thing)}"


def section(thing: Mapping[str, Any], *path: str) -> Object:
    """Return the mapping at a path; an empty one where there is none.

    >>> section({"status": None}, "status", "loadBalancer")
    {}
    """
    for key in path:
        thing = cast("Mapping[str, Any]", thing.get(key) or {})
    return cast("Object", thing)


def entries(thing: Mapping[str, Any], *path: str) -> list[Object]:
    """Return the list of mappings at a path; an empty one where there is none."""
    return cast("list[Object]", section(thing, *path[:-1]).get(path[-1]) or [])
