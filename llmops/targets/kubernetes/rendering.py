"""What would be applied, for those who apply it themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault
from llmops.targets.kubernetes.faults import routing_faults
from llmops.targets.kubernetes.manifests import manifests
from llmops.targets.kubernetes.naming import Identity, object_name
from llmops.targets.kubernetes.objects import Object
from llmops.targets.kubernetes.route import http_route

if TYPE_CHECKING:
    from llmops.domain.deployment import Deployment, Routing
    from llmops.targets.kubernetes.target import KubernetesTarget

Rendered = Mapping[str, Sequence[Object]]
"""Manifests by a name for their file."""


def render_manifests(
    target: KubernetesTarget, environment: str, deployment: Deployment, routing: Routing
) -> Rendered:
    """Return a deployment's objects, and its endpoint's route.

    Raises:
        ConfigError: when the names cannot be labels, or a route cannot say this.
    """
    identity = Identity(environment=environment, endpoint=deployment.endpoint)
    if faults := [*identity.faults(), *routing_faults(routing)]:
        where = f"{environment}/{deployment.endpoint}"
        raise ConfigError([Fault(where=where, seen=each) for each in faults])
    name = object_name(deployment.endpoint, deployment.name)
    return {
        f"deployment-{name}": manifests(target, identity, deployment),
        f"route-{object_name(deployment.endpoint)}": [http_route(target, identity, routing)],
    }
