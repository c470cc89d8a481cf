"""Labels and annotations: what kubectl and dashboards show of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.targets.kubernetes.naming import DIGEST, MANAGER, RELEASE, Identity, object_name

if TYPE_CHECKING:
    from llmops.domain.deployment import Deployment
    from llmops.targets.kubernetes.objects import Kind, Object
    from llmops.targets.kubernetes.target import KubernetesTarget


def deployment_object(
    kind: Kind, target: KubernetesTarget, identity: Identity, deployment: Deployment
) -> Object:
    """Return an object of a deployment, with no more than its name and what marks it."""
    return {
        "apiVersion": kind.version,
        "kind": kind.name,
        "metadata": {
            "name": object_name(deployment.endpoint, deployment.name),
            "namespace": target.namespace,
            "labels": labels_of(target, identity, deployment),
            "annotations": annotations_of(target, deployment),
        },
    }


def labels_of(
    target: KubernetesTarget, identity: Identity, deployment: Deployment
) -> dict[str, str]:
    """Return the recommended labels, ours, and those that the target states."""
    return {
        **target.labels,
        "app.kubernetes.io/name": deployment.endpoint,
        "app.kubernetes.io/instance": object_name(deployment.endpoint, deployment.name),
        "app.kubernetes.io/version": str(deployment.release.number),
        "app.kubernetes.io/component": "server",
        "app.kubernetes.io/managed-by": MANAGER,
        **identity.labels(deployment.name),
    }


def annotations_of(target: KubernetesTarget, deployment: Deployment) -> dict[str, str]:
    """Return which release it is, and which evidence speaks for it."""
    release = deployment.release
    lineage = {name: str(release.lineage.get(name, "")) for name in ("run", "evidence")}
    return {
        **target.annotations,
        RELEASE: release.label,
        DIGEST: release.digest,
        **{f"{MANAGER}/{name}": value for name, value in lineage.items() if value},
    }
