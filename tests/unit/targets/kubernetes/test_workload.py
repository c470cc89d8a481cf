"""The instances: what they may not do, how they start and end, when they are made anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from kubernetes_bench import deployment, kubernetes_target

from llmops.domain.deployment import Probe, Resources
from llmops.targets.kubernetes.naming import Identity
from llmops.targets.kubernetes.target import Autoscaling
from llmops.targets.kubernetes.workload import TEMPLATE, workload

if TYPE_CHECKING:
    from llmops.domain.deployment import Deployment

HERE = Identity(environment="dev", endpoint="messages")


def made(stated: Deployment, **target: Any) -> dict[str, Any]:
    return workload(kubernetes_target(**target), HERE, stated)


def pod(stated: Deployment, **target: Any) -> dict[str, Any]:
    return made(stated, **target)["spec"]["template"]["spec"]


def container(stated: Deployment, **target: Any) -> dict[str, Any]:
    (only,) = pod(stated, **target)["containers"]
    return only


def template_digest(stated: Deployment, **target: Any) -> str:
    return made(stated, **target)["spec"]["template"]["metadata"]["annotations"][TEMPLATE]


def test_an_instance_may_do_nothing_that_it_need_not() -> None:
    whole, one = pod(deployment()), container(deployment())
    assert whole["automountServiceAccountToken"] is False
    assert whole["securityContext"]["runAsNonRoot"] is True
    assert whole["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = {each["mountPath"] for each in one["volumeMounts"]}
    assert writable == {"/tmp", "/var/log/llmops"}  # noqa: S108  in the container
    assert all("emptyDir" in each for each in whole["volumes"])


def test_what_serves_stays_until_what_follows_is_ready() -> None:
    strategy = made(deployment())["spec"]["strategy"]["rollingUpdate"]
    assert strategy == {"maxUnavailable": 0, "maxSurge": 1}


@pytest.mark.parametrize("seconds", [0.5, 60.0, 300.0])
def test_the_last_requests_are_answered_before_it_is_killed(seconds: float) -> None:
    stated = deployment(timeout_seconds=seconds)
    leaving = int(container(stated)["lifecycle"]["preStop"]["exec"]["command"][1])
    grace = next(each for each in container(stated)["args"] if each.startswith("--grace="))
    assert pod(stated)["terminationGracePeriodSeconds"] > leaving + int(grace.partition("=")[2])
    assert int(grace.partition("=")[2]) >= seconds


def test_it_is_started_as_the_file_says() -> None:
    stated = deployment(workers=2, concurrency=8, queue=0, timeout_seconds=2.5, log_sample=0.1)
    assert set(container(stated)["args"]) == {
        "--deployment=blue",
        "--workers=2",
        "--concurrency=8",
        "--queue=0",
        "--timeout=2.5",
        "--grace=3",
        "--log-sample=0.1",
    }


def test_a_secret_is_referred_to_and_never_written() -> None:
    variables = {each["name"]: each["valueFrom"] for each in container(deployment())["env"]}
    assert variables["OPENAI_API_KEY"] == {"secretKeyRef": {"name": "provider", "key": "key"}}


def test_the_first_yes_may_take_as_long_as_stated() -> None:
    probe = Probe(interval_seconds=2.5, startup_seconds=100, failures=4, path="/health")
    one = container(deployment(probe=probe))
    startup, readiness = one["startupProbe"], one["readinessProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 100
    assert (readiness["failureThreshold"], readiness["httpGet"]["path"]) == (4, "/health")
    assert one["livenessProbe"]["httpGet"]["path"] == "/health"


def test_only_stated_resources_are_asked_for() -> None:
    assert container(deployment())["resources"] == {}
    resources = Resources(cpu="500m", memory="512Mi", memory_limit="1Gi")
    assert container(deployment(resources=resources))["resources"] == {
        "requests": {"cpu": "500m", "memory": "512Mi"},
        "limits": {"memory": "1Gi"},
    }


def test_who_scales_by_use_states_the_number_of_instances() -> None:
    assert made(deployment(instances=3))["spec"]["replicas"] == 3
    scaled = made(deployment(instances=3), autoscaling=Autoscaling(max_instances=4))
    assert "replicas" not in scaled["spec"]


@pytest.mark.parametrize(
    "change",
    [
        {"variables": {"STUB_URL": "http://other.test"}},
        {"secrets": {}},
        {"concurrency": 5},
        {"release": replace(deployment().release, digest="f" * 64)},
    ],
)
def test_whatever_an_instance_reads_makes_it_anew(change: dict[str, Any]) -> None:
    assert template_digest(deployment(**change)) != template_digest(deployment())


def test_what_it_does_not_read_leaves_it_alone() -> None:
    more = deployment(instances=7)
    assert template_digest(more, rollout_seconds=99) == template_digest(deployment())


def test_a_claim_keeps_the_log_of_every_instance_apart() -> None:
    whole = pod(deployment(), log_claim="logs")
    volumes = cast("list[dict[str, Any]]", whole["volumes"])
    assert {"claimName": "logs"} in [each.get("persistentVolumeClaim") for each in volumes]
    mounts = {each["name"]: each for each in whole["containers"][0]["volumeMounts"]}
    assert mounts["log"]["subPathExpr"] == "dev/messages/blue/$(POD_NAME)"


def test_the_release_and_its_evidence_can_be_read_off() -> None:
    metadata = made(deployment())["metadata"]
    assert metadata["annotations"] == {
        "llmops/release": "messages/3",
        "llmops/digest": "d" * 64,
        "llmops/run": "messages/r1",
        "llmops/evidence": "e" * 64,
    }
    assert metadata["labels"]["app.kubernetes.io/managed-by"] == "llmops"
    selector = made(deployment())["spec"]["selector"]["matchLabels"]
    assert selector.items() <= metadata["labels"].items()
