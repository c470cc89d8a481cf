"""The route: what is stated comes back, whoever has written it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes_bench import kubernetes_target

from llmops.domain.deployment import Routing
from llmops.serving.application import application
from llmops.serving.settings import Settings
from llmops.targets.kubernetes.naming import Identity, object_name
from llmops.targets.kubernetes.route import PUBLIC, http_route, routing_of

if TYPE_CHECKING:
    from llmops.serving.service import Service

HERE = Identity(environment="dev", endpoint="messages")
NAMES = {object_name("messages", name): name for name in ("blue", "green", "Grey_1")}


def routed(routing: Routing, **target: Any) -> dict[str, Any]:
    return http_route(kubernetes_target(**target), HERE, routing)


def weighted(**weights: int) -> dict[str, Any]:
    backends = [{"name": f"messages-{name}", "weight": each} for name, each in weights.items()]
    return {"spec": {"rules": [{"backendRefs": backends}]}}


@pytest.mark.parametrize(
    "routing",
    [
        Routing(percent={"blue": 90, "green": 10}),
        Routing(percent={"blue": 100, "green": 0, "Grey_1": 0}),
        Routing(percent={"blue": 0}),
        Routing(percent={"blue": 100, "green": 0}, mirror={"green": 25}),
        Routing(percent={"blue": 100, "green": 0}, mirror={"green": 100}),
    ],
)
def test_what_is_stated_comes_back(routing: Routing) -> None:
    assert routing_of(routed(routing), NAMES) == routing


def test_a_mirror_without_a_share_is_left_out() -> None:
    found = routed(Routing(percent={"blue": 100, "green": 0}, mirror={"green": 0}))
    assert "filters" not in found["spec"]["rules"][0]


@given(st.dictionaries(st.sampled_from(["blue", "green", "grey"]), st.integers(0, 1000)))
def test_others_weights_are_percentages_too(weights: dict[str, int]) -> None:
    percent = routing_of(weighted(**weights), NAMES).percent
    total = sum(weights.values())
    assert sum(percent.values()) == (100 if total else 0)
    for name, weight in weights.items():
        here = NAMES.get(f"messages-{name}", f"messages-{name}")
        assert abs(percent[here] - (100 * weight / total if total else 0)) < 1


def test_clients_reach_what_is_for_them_and_not_the_counts() -> None:
    settings = Settings(deployment="blue", log_folder=Path())
    app = application(cast("Service", SimpleNamespace(settings=settings, log=object())))
    served = {
        route.resource.canonical: route.method
        for route in app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    assert served == {**PUBLIC, "/metrics": "GET"}


def test_it_waits_for_an_answer_as_long_as_stated() -> None:
    found = routed(Routing(percent={"blue": 100}), answer_seconds=300, hostnames=())
    assert found["spec"]["rules"][0]["timeouts"] == {"request": "300s"}
    assert "hostnames" not in found["spec"]
