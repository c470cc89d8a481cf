"""All objects of a deployment, in the order in which they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.targets.kubernetes.surroundings import (
    autoscaler,
    config_map,
    disruption_budget,
    network_policy,
    service,
    service_account,
)
from llmops.targets.kubernetes.workload import workload

if TYPE_CHECKING:
    from llmops.domain.deployment import Deployment
    from llmops.targets.kubernetes.naming import Identity
    from llmops.targets.kubernetes.objects import Object
    from llmops.targets.kubernetes.target import KubernetesTarget


def manifests(
    target: KubernetesTarget, identity: Identity, deployment: Deployment
) -> tuple[Object, ...]:
    """Return what a deployment is made of; the route is the endpoint's."""
    makers = (service, service_account, config_map, network_policy, workload, disruption_budget)
    stated = tuple(make(target, identity, deployment) for make in makers)
    if not target.autoscaling:
        return stated
    return (*stated, autoscaler(target, identity, deployment, target.autoscaling))
