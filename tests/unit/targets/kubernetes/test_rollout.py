"""How far a Deployment is, and why it is no further."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_controllers import CRASHING, NO_NODE, NO_PULL, NO_SETTING, READY, UNREADY

from llmops.targets.kubernetes.rollout import rollout
from llmops.targets.kubernetes.workload import TEMPLATE

DONE = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
STUCK = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1}


def workload(status: dict[str, Any], replicas: int = 2) -> dict[str, Any]:
    template = {"metadata": {"annotations": {TEMPLATE: "now"}}}
    return {
        "metadata": {"name": "messages-blue", "generation": 2},
        "spec": {"replicas": replicas, "template": template},
        "status": status,
    }


def pod(status: dict[str, Any], template: str = "now", **metadata: str) -> dict[str, Any]:
    about = {"name": "messages-blue-1", "annotations": {TEMPLATE: template}, **metadata}
    return {"metadata": about, "status": status}


def test_it_is_complete_when_nothing_else_is_left() -> None:
    seen = rollout(workload(DONE), [])
    assert (seen.complete, seen.status, seen.detail) == (True, "ready", "")


@pytest.mark.parametrize(
    "differs",
    [
        {"observedGeneration": 1},
        {"updatedReplicas": 1},
        {"replicas": 3},
        {"availableReplicas": 1},
    ],
)
def test_it_is_not_complete_before(differs: dict[str, int]) -> None:
    assert not rollout(workload({**DONE, **differs}), []).complete


def test_nothing_is_known_of_a_new_one() -> None:
    seen = rollout(workload({}), [])
    assert (seen.complete, seen.status) == (False, "starting")
    assert seen.detail == "0 of 2 instances are available"


def test_the_autoscaler_may_want_more_than_there_are() -> None:
    assert not rollout(workload(DONE), [], least=3).complete


@pytest.mark.parametrize(
    ("status", "said", "final"),
    [
        (NO_PULL, "the image cannot be pulled (ImagePullBackOff): Back-off pulling", True),
        (CRASHING, "ends again and again (CrashLoopBackOff): Error, exit code 2", True),
        (NO_SETTING, 'secret "provider" not found', True),
        (NO_NODE, "no node takes an instance: 0/3 nodes are available", False),
        (UNREADY, "an instance runs and is not ready", False),
    ],
)
def test_the_reason_is_told(status: dict[str, Any], said: str, final: bool) -> None:
    seen = rollout(workload(STUCK), [pod(status)])
    assert seen.obstacle
    assert (said in seen.detail, seen.obstacle.final) == (True, final)
    assert seen.status == ("failed" if final else "starting")


def test_what_is_final_is_told_before_what_may_pass() -> None:
    seen = rollout(workload(STUCK), [pod(UNREADY), pod(NO_PULL)])
    assert seen.obstacle
    assert seen.obstacle.final


@pytest.mark.parametrize(
    "other", [pod(CRASHING, template="before"), pod(CRASHING, deletionTimestamp="now")]
)
def test_instances_of_another_state_are_no_reason(other: dict[str, Any]) -> None:
    assert rollout(workload(STUCK), [other, pod(READY)]).obstacle is None


def test_what_serves_is_ready_whatever_follows_it() -> None:
    seen = rollout(workload({**STUCK, "replicas": 2, "availableReplicas": 1}, 1), [pod(CRASHING)])
    assert (seen.complete, seen.status) == (False, "ready")
    assert "CrashLoopBackOff" in seen.detail


@pytest.mark.parametrize(
    ("message", "final"),
    [('pods "x" is forbidden: exceeded quota: small', True), ("webhook timed out", False)],
)
def test_instances_that_cannot_be_made_are_told(message: str, final: bool) -> None:
    failed = {"type": "ReplicaFailure", "status": "True", "message": message}
    seen = rollout(workload({**STUCK, "conditions": [failed]}), [])
    assert seen.obstacle
    assert (message in seen.detail, seen.obstacle.final) == (True, final)


def test_conditions_of_an_earlier_state_are_no_reason() -> None:
    late = {"type": "Progressing", "status": "False", "message": "timed out"}
    assert (
        rollout(workload({**STUCK, "observedGeneration": 1, "conditions": [late]}), []).obstacle
        is None
    )
    assert rollout(workload({**STUCK, "conditions": [late]}), []).status == "failed"
