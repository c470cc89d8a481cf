"""What stands around the instances: address, settings, rights, limits, scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.targets.kubernetes.metadata import deployment_object
from llmops.targets.kubernetes.objects import (
    AUTOSCALER,
    CONFIG_MAP,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    NETWORK_POLICY,
    SERVICE,
    SERVICE_ACCOUNT,
    name_of,
)
from llmops.targets.kubernetes.workload import PORT

if TYPE_CHECKING:
    from llmops.domain.deployment import Deployment
    from llmops.targets.kubernetes.naming import Identity
    from llmops.targets.kubernetes.objects import Object
    from llmops.targets.kubernetes.target import Autoscaling, KubernetesTarget

SERVICE_PORT: Final = 80
_NAMES_PORT: Final = 53


def service(target: KubernetesTarget, identity: Identity, deployment: Deployment) -> Object:
    """Return the address of one deployment within the cluster."""
    port = {"name": "http", "port": SERVICE_PORT, "targetPort": "http", "protocol": "TCP"}
    spec = {"type": "ClusterIP", "selector": identity.labels(deployment.name), "ports": [port]}
    return {**deployment_object(SERVICE, target, identity, deployment), "spec": spec}


def service_account(target: KubernetesTarget, identity: Identity, deployment: Deployment) -> Object:
    """Return who the instances are; they get no token for the API server."""
    return {
        **deployment_object(SERVICE_ACCOUNT, target, identity, deployment),
        "automountServiceAccountToken": False,
    }


def config_map(target: KubernetesTarget, identity: Identity, deployment: Deployment) -> Object:
    """Return the variables; secrets are only referred to, by the Deployment."""
    return {
        **deployment_object(CONFIG_MAP, target, identity, deployment),
        "data": dict(deployment.variables),
    }


def network_policy(target: KubernetesTarget, identity: Identity, deployment: Deployment) -> Object:
    """Return who may reach the instances, and what they may reach."""
    network = target.network
    ingress: Object = {"ports": [{"port": PORT, "protocol": "TCP"}]}
    if network.clients:
        ingress["from"] = [_client(each) for each in network.clients]
    names = [{"port": _NAMES_PORT, "protocol": each} for each in ("UDP", "TCP")]
    others = [{"port": each, "protocol": "TCP"} for each in network.egress_ports]
    spec = {
        "podSelector": {"matchLabels": identity.labels(deployment.name)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [ingress],
        "egress": [{"ports": [*names, *others]}],
    }
    return {**deployment_object(NETWORK_POLICY, target, identity, deployment), "spec": spec}


def disruption_budget(
    target: KubernetesTarget, identity: Identity, deployment: Deployment
) -> Object:
    """Return that nodes are emptied one instance at a time."""
    spec = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": identity.labels(deployment.name)},
    }
    return {**deployment_object(DISRUPTION_BUDGET, target, identity, deployment), "spec": spec}


def autoscaler(
    target: KubernetesTarget, identity: Identity, deployment: Deployment, scaling: Autoscaling
) -> Object:
    """Return who decides how many instances there are."""
    stated = deployment_object(AUTOSCALER, target, identity, deployment)
    utilization = {"type": "Utilization", "averageUtilization": scaling.cpu_percent}
    spec = {
        "scaleTargetRef": {
            "apiVersion": DEPLOYMENT.version,
            "kind": DEPLOYMENT.name,
            "name": name_of(stated),
        },
        "minReplicas": scaling.min_instances,
        "maxReplicas": scaling.max_instances,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": utilization}}],
    }
    return {**stated, "spec": spec}


def _client(stated: str) -> Object:
    if "/" in stated:
        return {"ipBlock": {"cidr": stated}}
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": stated}}}
