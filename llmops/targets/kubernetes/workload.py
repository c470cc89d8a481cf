"""The Deployment: the instances, how they start and end, and what they may not do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from llmops.canonical import digest
from llmops.targets.kubernetes.metadata import annotations_of, deployment_object, labels_of
from llmops.targets.kubernetes.naming import MANAGER, Identity, object_name
from llmops.targets.kubernetes.objects import DEPLOYMENT

if TYPE_CHECKING:
    from llmops.domain.deployment import Deployment
    from llmops.targets.kubernetes.objects import Object
    from llmops.targets.kubernetes.target import KubernetesTarget

CONTAINER: Final = "server"
PORT: Final = 8080
TEMPLATE: Final = f"{MANAGER}/template"
"""The annotation by which instances of the present state are told from those of an earlier one."""
_USER: Final = 10001
_LOGS: Final = "/var/log/llmops"
_LOG_SIZE: Final = "2Gi"
"""Above what the server keeps of its log, so that it is never evicted for it."""
_TEMPORARY_SIZE: Final = "1Gi"
_LEAVING_SECONDS: Final = 5
"""How long requests may still arrive after an instance is told to end: others learn it late."""
_LIVENESS_SECONDS: Final = 10
_LIVENESS_FAILURES: Final = 6


def workload(target: KubernetesTarget, identity: Identity, deployment: Deployment) -> Object:
    """Return the Deployment; who scales it by its use states the number of instances."""
    replicas = {} if target.autoscaling else {"replicas": deployment.instances}
    spec = {
        **replicas,
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": target.rollout_seconds,
        "selector": {"matchLabels": identity.labels(deployment.name)},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
        },
        "template": _template(target, identity, deployment),
    }
    return {**deployment_object(DEPLOYMENT, target, identity, deployment), "spec": spec}


def _template(target: KubernetesTarget, identity: Identity, deployment: Deployment) -> Object:
    spec = _pod(target, identity, deployment)
    marks = annotations_of(target, deployment)
    # Variables are read when an instance starts, so a change of them is a change of the template.
    content = {"spec": spec, "variables": dict(deployment.variables), "annotations": marks}
    return {
        "metadata": {
            "labels": labels_of(target, identity, deployment),
            "annotations": {**marks, TEMPLATE: digest(content)},
        },
        "spec": spec,
    }


def _pod(target: KubernetesTarget, identity: Identity, deployment: Deployment) -> Object:
    name = object_name(deployment.endpoint, deployment.name)
    pull = {"imagePullSecrets": [{"name": each} for each in target.image_pull_secrets]}
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **(pull if target.image_pull_secrets else {}),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": _LEAVING_SECONDS + _grace(deployment) + 5,
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": identity.labels(deployment.name)},
            }
            for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ],
        "containers": [_container(target, identity, deployment, name)],
        "volumes": [
            {"name": "temporary", "emptyDir": {"sizeLimit": _TEMPORARY_SIZE}},
            {"name": "log", **_log_volume(target)},
        ],
    }


def _container(
    target: KubernetesTarget, identity: Identity, deployment: Deployment, name: str
) -> Object:
    return {
        "name": CONTAINER,
        "image": target.image_of(deployment.release),
        "imagePullPolicy": "IfNotPresent",
        "args": _arguments(deployment),
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "env": _variables(deployment),
        "envFrom": [{"configMapRef": {"name": name}}],
        "resources": _resources(deployment),
        "startupProbe": _startup(deployment),
        "readinessProbe": _readiness(deployment),
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": "http"},
            "periodSeconds": _LIVENESS_SECONDS,
            "timeoutSeconds": _LIVENESS_SECONDS,
            "failureThreshold": _LIVENESS_FAILURES,
        },
        # A command, because `sleep: {seconds: 5}` is refused by clusters before 1.30.
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(_LEAVING_SECONDS)]}}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108  a volume of its own
            {"name": "log", "mountPath": _LOGS, **_log_place(target, identity, deployment)},
        ],
    }


def _arguments(deployment: Deployment) -> list[str]:
    """Return the options of `llmops serve`; the image states the release, port and log folder."""
    stated = {
        "deployment": deployment.name,
        "workers": deployment.workers,
        "concurrency": deployment.concurrency,
        "queue": deployment.queue,
        "timeout": f"{deployment.timeout_seconds:g}",
        "grace": _grace(deployment),
        "log-sample": f"{deployment.log_sample:g}",
    }
    return [f"--{name}={value}" for name, value in stated.items()]


def _grace(deployment: Deployment) -> int:
    """Return how many seconds the last requests get: as many as any request."""
    return math.ceil(deployment.timeout_seconds)


def _variables(deployment: Deployment) -> list[Object]:
    pod = {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    secrets: list[Object] = []
    for variable, reference in sorted(deployment.secrets.items()):
        name, _, key = reference.partition("/")
        source = {"secretKeyRef": {"name": name, "key": key}}
        secrets.append({"name": variable, "valueFrom": source})
    return [pod, *secrets]


def _resources(deployment: Deployment) -> Object:
    stated = deployment.resources
    parts = {
        "requests": {"cpu": stated.cpu, "memory": stated.memory},
        "limits": {"cpu": stated.cpu_limit, "memory": stated.memory_limit},
    }
    kept = {
        part: {key: value for key, value in each.items() if value} for part, each in parts.items()
    }
    return {part: each for part, each in kept.items() if each}


def _readiness(deployment: Deployment) -> Object:
    probe = deployment.probe
    return {
        "httpGet": {"path": probe.path, "port": "http"},
        "periodSeconds": max(1, math.ceil(probe.interval_seconds)),
        "timeoutSeconds": max(1, math.ceil(probe.timeout_seconds)),
        "failureThreshold": probe.failures,
    }


def _startup(deployment: Deployment) -> Object:
    readiness = _readiness(deployment)
    period: int = readiness["periodSeconds"]
    tries = max(1, math.ceil(deployment.probe.startup_seconds / period))
    return {**readiness, "failureThreshold": tries}


def _log_volume(target: KubernetesTarget) -> Object:
    if target.log_claim:
        return {"persistentVolumeClaim": {"claimName": target.log_claim}}
    return {"emptyDir": {"sizeLimit": _LOG_SIZE}}


def _log_place(target: KubernetesTarget, identity: Identity, deployment: Deployment) -> Object:
    """Return the folder within a claim; each instance has one, as its files' names are its own."""
    if not target.log_claim:
        return {}
    folder = f"{identity.environment}/{identity.endpoint}/{deployment.name}"
    return {"subPathExpr": f"{folder}/$(POD_NAME)"}
