"""Whose turn it is: in exact shares, by key, by health and by what is in work."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmops.domain.traffic import Address, Backend, GatewayConfiguration, HealthCheck
from llmops.gateway.deployments import Deployments
from llmops.gateway.instances import Instance
from llmops.gateway.round_robin import SmoothRoundRobin
from llmops.gateway.stickiness import preferred

RULES = HealthCheck(fall=2, rise=2, eject_after=3)


def fleet(**percent: int) -> GatewayConfiguration:
    """Return deployments of two instances each."""
    return GatewayConfiguration(
        backends=tuple(
            Backend(
                name=name,
                addresses=(Address(port=1000 + n), Address(port=2000 + n)),
                percent=each,
            )
            for n, (name, each) in enumerate(percent.items())
        )
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=6).filter(any))
def test_turns_follow_the_weights_exactly_and_evenly(weights: list[int]) -> None:
    named = {str(n): weight for n, weight in enumerate(weights)}
    turns = SmoothRoundRobin(named)
    able = tuple(name for name, weight in named.items() if weight)
    taken = [turns.choose(able) for _ in range(2 * sum(weights))]
    assert Counter(taken) == {name: 2 * named[name] for name in able}
    for end in range(0, len(taken), 7):
        for name, count in Counter(taken[:end]).items():
            assert abs(count - named[name] * end / sum(weights)) < len(able)


@settings(deadline=None)
@given(st.integers(1, 99), st.integers(0, 98))
def test_a_key_moves_only_to_the_one_that_grows(share: int, less: int) -> None:
    less %= share
    for user in range(40):
        before = preferred(str(user), {"a": 100 - share, "b": share})
        after = preferred(str(user), {"a": 100 - less, "b": max(less, 1)})
        assert (before, after) != ("a", "b")


@pytest.mark.parametrize("share", [1, 10, 50])
def test_keys_are_shared_in_proportion(share: int) -> None:
    keys = 20_000
    found = Counter(preferred(f"user {n}", {"a": 100 - share, "b": share}) for n in range(keys))
    assert found["b"] / keys == pytest.approx(share / 100, abs=0.01)


def test_instances_of_a_deployment_take_turns_and_the_busy_one_rests() -> None:
    deployments = Deployments(fleet(prior=100))
    ports = [choose(deployments).address.port for _ in range(4)]
    assert ports == [1000, 2000, 1000, 2000]
    one, _ = deployments.active["prior"].instances
    with one.at_work():
        assert {choose(deployments).address.port for _ in range(4)} == {2000}


def choose(deployments: Deployments, key: str = "", *without: Instance) -> Instance:
    found = deployments.choose(key, without)
    assert found
    return found


def test_a_deployment_is_out_when_all_its_instances_are() -> None:
    deployments = Deployments(fleet(prior=50, current=50))
    for each in deployments.active["prior"].instances:
        assert {choose(deployments).deployment for _ in range(2)} == {"prior", "current"}
        for _ in range(RULES.eject_after):
            each.failed(RULES)
    assert {choose(deployments).deployment for _ in range(4)} == {"current"}
    for each in deployments.active["current"].instances:
        each.checked(RULES, good=False)
        each.checked(RULES, good=False)
    assert deployments.choose("") is None
    assert deployments.choose("a key") is None


def test_who_was_tried_is_not_asked_again_and_its_siblings_come_first() -> None:
    deployments = Deployments(fleet(prior=99, current=1))
    first = choose(deployments)
    second = choose(deployments, "", first)
    third = choose(deployments, "", first, second)
    assert [each.deployment for each in (first, second, third)] == ["prior", "prior", "current"]
    assert len({first, second, third}) == 3


def test_without_a_share_nobody_is_asked() -> None:
    assert Deployments(fleet(prior=0, current=0)).choose("") is None
    assert Deployments(GatewayConfiguration(backends=())).choose("key") is None


def test_health_needs_bad_news_in_a_row_and_good_news_in_a_row() -> None:
    instance = Instance("prior", Address(port=1))
    seen: list[bool] = []
    for good in (False, True, False, False, True, False, True, True):
        instance.checked(RULES, good=good)
        seen.append(instance.up)
    assert seen == [True, True, True, False, False, False, False, True]


def test_an_answer_ends_a_row_of_failures() -> None:
    instance = Instance("prior", Address(port=1))
    for _ in range(5):
        instance.failed(RULES)
        instance.failed(RULES)
        instance.answered()
    assert instance.up


def test_a_change_keeps_what_is_known_and_lets_go_of_who_left() -> None:
    configuration = fleet(prior=50, current=50)
    deployments = Deployments(configuration)
    prior, current = configuration.backends
    [out, busy] = deployments.active["prior"].instances
    for _ in range(RULES.eject_after):
        out.failed(RULES)
    with busy.at_work():
        deployments.apply(
            replace(
                configuration,
                backends=(replace(prior, addresses=prior.addresses[:1]), current),
            )
        )
        assert deployments.leaving == [busy]
        assert deployments.active["prior"].instances == (out,)
        assert {choose(deployments).deployment for _ in range(4)} == {"current"}
    assert deployments.leaving == []
