"""What Kubernetes cannot do is told before anything is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from kubernetes_bench import RELEASE, deployment, kubernetes_target
from pydantic import ValidationError

from llmops.domain.deployment import Resources, Routing
from llmops.serving.settings import KEY_VARIABLE
from llmops.targets.kubernetes.faults import routing_faults
from llmops.targets.kubernetes.target import Autoscaling


def test_nothing_is_wrong_with_the_usual() -> None:
    assert kubernetes_target().faults(deployment()) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"variables": {"1ST": "x"}}, "variables.1ST"),
        ({"secrets": {"OPENAI_API_KEY": "OPENAI_API_KEY"}}, "<name of a Secret>/<its key>"),
        ({"secrets": {KEY_VARIABLE: "keys/serve"}}, "Authorization"),
        ({"resources": Resources(memory="512MB")}, "resources.memory"),
        ({"name": "x" * 60}, "characters"),
        ({"release": replace(RELEASE, name="Messages")}, "image"),
    ],
)
def test_a_deployment_that_cannot_be_is_told(fields: dict[str, Any], said: str) -> None:
    (fault,) = kubernetes_target().faults(deployment(**fields))
    assert said in fault


def test_a_key_that_stands_for_its_place_is_not_shown() -> None:
    stated = deployment(secrets={"OPENAI_API_KEY": "sk-proj-0123456789abcdef0123"})
    assert "0123" not in "".join(kubernetes_target().faults(stated))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"autoscaling": Autoscaling(max_instances=3)}, "resources.cpu"),
        ({"labels": {"team": "a b"}}, "target.labels.team"),
        ({"labels": {"llmops/endpoint": "x"}}, "llmops states it"),
        ({"annotations": {"app.kubernetes.io/name": "x"}}, "llmops states it"),
    ],
)
def test_a_target_that_cannot_be_is_told(fields: dict[str, Any], said: str) -> None:
    (fault,) = kubernetes_target(**fields).faults(deployment())
    assert said in fault


@pytest.mark.parametrize(
    ("routing", "said"),
    [
        (Routing(percent={"a": 100}, sticky="header:X-User"), "session"),
        (Routing(percent={"a": 90, "b": 10}, mirror={"b": 50}), "copies of its own"),
        (Routing(percent={f"d{n}": 0 for n in range(17)}), "allowed: 16"),
    ],
)
def test_what_a_route_cannot_say_is_told(routing: Routing, said: str) -> None:
    (fault,) = routing_faults(routing)
    assert said in fault


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"image": "registry.test/{name}:{tag}"}, "no such placeholder: tag"),
        ({"image": "registry.test/{"}, "image"),
        ({"namespace": "LLM"}, "namespace"),
        ({"autoscaling": {"min_instances": 4, "max_instances": 2}}, "is above max_instances"),
        ({"replicas": 3}, "replicas"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kubernetes_target(**fields)


def test_an_image_may_be_a_digest() -> None:
    digest = f"registry.test/llm@sha256:{'0' * 64}"
    assert kubernetes_target(image=digest).image_of(RELEASE) == digest
    assert kubernetes_target().image_of(RELEASE) == "registry.test/llm/messages:3"
