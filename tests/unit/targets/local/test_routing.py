"""Between what the target is told and what the gateway is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmops.domain.deployment import Deployment, Probe, Routing
from llmops.domain.release import Release
from llmops.domain.traffic import Address, Backend, GatewayConfiguration
from llmops.targets.local.routing import connected, routed, routing_of, without

FIRST, SECOND = Address(port=20_001), Address(port=20_002)
BEFORE = GatewayConfiguration(
    backends=(
        Backend(name="blue", addresses=(FIRST,), percent=90),
        Backend(name="green", addresses=(SECOND,), percent=10, mirror_percent=5),
    ),
    sticky="cookie:user",
)
RELEASE = Release(
    name="messages",
    number=1,
    created="2026-01-01T00:00:00+00:00",
    flow="flow/flow.dag.yaml",
    configuration={},
    inputs={},
    outputs=(),
    connections=(),
    packages={},
    lineage={},
    files={},
    digest="d",
)


def deployment(name: str, timeout_seconds: float = 60.0, probe: Probe | None = None) -> Deployment:
    return Deployment(
        endpoint="messages",
        name=name,
        release=RELEASE,
        folder=Path("1"),
        timeout_seconds=timeout_seconds,
        probe=probe or Probe(),
    )


def test_the_routing_is_what_the_gateway_follows() -> None:
    percent = {"blue": 90, "green": 10}
    assert routing_of(BEFORE) == Routing(percent=percent, mirror={"green": 5}, sticky="cookie:user")


def test_who_is_not_named_gets_nothing() -> None:
    after = routed(BEFORE, Routing(percent={"green": 100}))
    assert routing_of(after) == Routing(percent={"blue": 0, "green": 100})
    assert [each.addresses for each in after.backends] == [(FIRST,), (SECOND,)]


def test_shares_that_lose_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="blue 90, green 0"):
        routed(BEFORE, Routing(percent={"blue": 90}))


def test_a_new_deployment_has_no_share() -> None:
    after = connected(BEFORE, deployment("red"), [Address(port=20_003)])
    assert routing_of(after).percent == {"blue": 90, "green": 10, "red": 0}


def test_a_deployment_that_moves_keeps_share_and_copies() -> None:
    after = connected(BEFORE, deployment("green"), [Address(port=20_003), Address(port=20_004)])
    assert routing_of(after) == routing_of(BEFORE)
    assert [each.port for each in after.backends[1].addresses] == [20_003, 20_004]


def test_said_twice_it_is_as_said_once() -> None:
    after = connected(BEFORE, deployment("green"), [SECOND])
    assert connected(after, deployment("green"), [SECOND]) == after


def test_the_gateway_waits_longer_than_the_deployment_may_take() -> None:
    patient = connected(BEFORE, deployment("green", timeout_seconds=300), [SECOND])
    assert patient.limits.answer_seconds > 300
    assert connected(patient, deployment("blue"), [FIRST]).limits == patient.limits


def test_the_gateway_asks_as_the_probe_says() -> None:
    probe = Probe(path="/health", interval_seconds=7, timeout_seconds=3, failures=4)
    health = connected(BEFORE, deployment("blue", probe=probe), [FIRST]).health
    assert (health.path, health.interval_seconds) == ("/health", 7)
    assert (health.timeout_seconds, health.fall) == (3, 4)


def test_what_has_a_share_is_not_taken_away() -> None:
    with pytest.raises(ValueError, match="add up to 100"):
        without(BEFORE, "green")
    rest = without(routed(BEFORE, Routing(percent={"blue": 100})), "green")
    assert [each.name for each in rest.backends] == ["blue"]
