"""What Kubernetes cannot do of a deployment, told before anything is changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from llmops.targets.kubernetes.naming import MANAGER, deployment_faults, label_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmops.domain.deployment import Deployment, Routing
    from llmops.targets.kubernetes.target import KubernetesTarget

MOST_BACKENDS: Final = 16
"""Of one rule, by the Gateway API."""
KEY_VARIABLE: Final = "LLMOPS_SERVE_KEY"
_VARIABLE: Final = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*")
_SECRET: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[-._A-Za-z0-9]+")
_QUANTITY: Final = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_IMAGE_NAME: Final = re.compile(r"[a-z0-9]+([._-]+[a-z0-9]+)*")


def faults(target: KubernetesTarget, deployment: Deployment) -> list[str]:
    """Return one sentence for each."""
    return [
        *deployment_faults(deployment.endpoint, deployment.name),
        *_variable_faults(deployment),
        *_resource_faults(target, deployment),
        *_target_faults(target, deployment),
    ]


def routing_faults(routing: Routing) -> list[str]:
    """Return what an HTTPRoute of the standard channel cannot state."""
    return list(_routing_faults(routing))


def _variable_faults(deployment: Deployment) -> Iterator[str]:
    for name in (*deployment.variables, *deployment.secrets):
        if not _VARIABLE.fullmatch(name):
            yield f"variables.{name}: allowed: letters, digits and - _ ., no digit first"
    if KEY_VARIABLE in {**deployment.variables, **deployment.secrets}:
        yield (
            f"{KEY_VARIABLE}: requests by way of the API server, as the smoke test, cannot show a "
            "key: it keeps the header Authorization; have the Gateway ask for keys"
        )
    for name, value in deployment.secrets.items():
        if not _SECRET.fullmatch(value):
            # The value itself is not shown: it may be a key that was written here by mistake.
            yield f"secrets.{name}: allowed: <name of a Secret>/<its key>"


def _resource_faults(target: KubernetesTarget, deployment: Deployment) -> Iterator[str]:
    resources = deployment.resources
    for name in ("cpu", "memory", "cpu_limit", "memory_limit"):
        value: str = getattr(resources, name)
        if value and not _QUANTITY.fullmatch(value):
            yield f"resources.{name}: {value!r}; allowed: a quantity, as 500m or 512Mi"
    if target.autoscaling and not resources.cpu:
        yield "resources.cpu: not stated; autoscaling measures the use of it"


def _target_faults(target: KubernetesTarget, deployment: Deployment) -> Iterator[str]:
    name = deployment.release.name
    if "{name}" in target.image and not _IMAGE_NAME.fullmatch(name):
        yield f"target.image: {name!r} cannot be in an image's name; write the name out instead"
    for key, value in target.labels.items():
        if fault := label_fault(f"target.labels.{key}", value):
            yield fault
    for key in (*target.labels, *target.annotations):
        if key.startswith((f"{MANAGER}/", "app.kubernetes.io/")):
            yield f"target.labels.{key}: llmops states it"


def _routing_faults(routing: Routing) -> Iterator[str]:
    if routing.sticky:
        yield (
            f"sticky: {routing.sticky}; an HTTPRoute (v1, standard channel) has no session "
            "persistence; leave sticky out, or set it by a policy of your Gateway's own"
        )
    if len(routing.percent) > MOST_BACKENDS:
        yield f"traffic: {len(routing.percent)} deployments; allowed: {MOST_BACKENDS}"
    for name in routing.mirror:
        if routing.mirror[name] and routing.percent.get(name):
            yield (
                f"mirror: {name} has a share of the requests; a mirrored deployment has none: "
                "it would get copies of its own"
            )
