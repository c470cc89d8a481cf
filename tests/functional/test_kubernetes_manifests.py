"""Every manifest is what the published schemas allow, with unknown keys forbidden."""

from __future__ import annotations

from typing import Any

import jsonschema
import kubernetes_validate
import pytest
from gateway_schemas import FOLDER, gateway_schema
from kubernetes_bench import deployment, kubernetes_target
from kubernetes_validate.utils import all_versions

from llmops.domain.deployment import Resources, Routing
from llmops.targets.kubernetes import render_manifests
from llmops.targets.kubernetes.target import Autoscaling, Gateway, KubernetesTarget, Network

OLDEST = (1, 30)
VERSIONS = sorted(
    {
        (int(major), int(minor))
        for major, minor in (each.split(".")[:2] for each in all_versions())
        if (int(major), int(minor)) >= OLDEST
    }
)
PLAIN = kubernetes_target(hostnames=())
FULL = kubernetes_target(
    gateway=Gateway(name="public", namespace="gateways", section="https"),
    image=f"registry.test/llm@sha256:{'0' * 64}",
    image_pull_secrets=("registry",),
    autoscaling=Autoscaling(min_instances=2, max_instances=9, cpu_percent=60),
    network=Network(clients=("gateways", "10.0.0.0/8"), egress_ports=(443, 8443)),
    log_claim="logs",
    labels={"team": "llm"},
    annotations={"owner": "ada@example.com"},
)
RESOURCES = Resources(cpu="500m", memory="512Mi", cpu_limit="2", memory_limit="1Gi")
ROUTING = Routing(percent={"blue": 90, "green": 10, "grey": 0}, mirror={"grey": 25})


def manifests(target: KubernetesTarget) -> list[dict[str, Any]]:
    stated = deployment(resources=RESOURCES, timeout_seconds=2.5)
    rendered = render_manifests(target, "dev", stated, ROUTING)
    return [each for objects in rendered.values() for each in objects]


def named(target: KubernetesTarget) -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in manifests(target)}


@pytest.mark.parametrize("target", [PLAIN, FULL], ids=["plain", "full"])
@pytest.mark.parametrize("version", VERSIONS, ids=lambda each: f"{each[0]}.{each[1]}")
def test_every_version_of_kubernetes_takes_every_manifest(
    version: tuple[int, int], target: KubernetesTarget
) -> None:
    stated = f"{version[0]}.{version[1]}"
    found = [each for each in manifests(target) if each["kind"] != "HTTPRoute"]
    assert len(found) == (7 if target.autoscaling else 6)
    for each in found:
        assert kubernetes_validate.validate(each, stated, strict=True) == stated


@pytest.mark.parametrize("target", [PLAIN, FULL], ids=["plain", "full"])
def test_the_gateway_api_takes_the_route(target: KubernetesTarget) -> None:
    schema = gateway_schema("httproutes")
    if schema is None:
        pytest.skip(f"no schemas of the Gateway API in {FOLDER}; see LLMOPS_GATEWAY_SCHEMAS")
    route = named(target)["HTTPRoute"]
    jsonschema.validate(route, schema)
    route["spec"]["rules"][0]["backendRefs"][0]["wieght"] = 1
    with pytest.raises(jsonschema.ValidationError, match="wieght"):
        jsonschema.validate(route, schema)


def test_only_a_stated_client_may_reach_an_instance() -> None:
    (rule,) = named(FULL)["NetworkPolicy"]["spec"]["ingress"]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}},
        {"ipBlock": {"cidr": "10.0.0.0/8"}},
    ]
    (rule,) = named(PLAIN)["NetworkPolicy"]["spec"]["egress"]
    assert [each["port"] for each in rule["ports"]] == [53, 53, 443]


def test_all_that_belongs_together_is_found_by_the_same_labels() -> None:
    found = named(FULL)
    wanted = found["Deployment"]["spec"]["selector"]["matchLabels"]
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert wanted.items() <= labels.items()
    assert found["Service"]["spec"]["selector"] == wanted
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == wanted
    assert found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == wanted
    assert found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "messages-blue"
    assert all(each["metadata"]["labels"]["team"] == "llm" for each in found.values())
