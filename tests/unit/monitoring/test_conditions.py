"""Conditions and triggers: what is shown, what is not, what cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from llmops.domain.deployment import Condition, Trigger
from llmops.domain.monitoring import StatedSplit
from llmops.monitoring.conditions import Bench
from llmops.monitoring.samples import Samples, Values

SPLIT = StatedSplit(
    since=0.0,
    releases={"old": "reviews/1", "new": "reviews/2"},
    percent={"old": 50, "new": 50},
    candidate="new",
    incumbent="old",
)


def values(numbers: list[float] | np.ndarray) -> Values:
    array = np.array(numbers, dtype=np.float64)
    return Values(values=array, units=np.zeros(len(array), dtype=np.uint64))


def bench(metric: str, old: list[float] | np.ndarray, new: list[float] | np.ndarray) -> Bench:
    samples = Samples(values={metric: {"old": values(old), "new": values(new)}})
    return Bench(samples=samples, split=SPLIT, planned=500, alpha=0.05)


def shares(ones: int, n: int) -> list[float]:
    return [1.0] * ones + [0.0] * (n - ones)


RANDOM = np.random.default_rng(3)
FAST, SLOW = RANDOM.lognormal(0, 0.5, 600), RANDOM.lognormal(0.7, 0.5, 600)


@pytest.mark.parametrize(
    ("metric", "condition", "new", "shown"),
    [
        ("right", Condition(metric="right", at_least=0.8), shares(540, 600), True),
        ("right", Condition(metric="right", at_least=0.89), shares(540, 600), False),
        ("right", Condition(metric="right", max_drop=0.1), shares(540, 600), True),
        ("right", Condition(metric="right", max_drop=0.1), shares(450, 600), False),
        ("bad", Condition(metric="bad", at_most=0.2, direction="minimize"), shares(60, 600), True),
        ("bad", Condition(metric="bad", at_most=0.0, direction="minimize"), shares(0, 600), False),
        (
            "words",
            Condition(metric="words", at_most=5, direction="minimize"),
            [3.0, 4.0] * 300,
            True,
        ),
        (
            "words",
            Condition(metric="words", at_most=3, direction="minimize"),
            [3.0, 4.0] * 300,
            False,
        ),
    ],
)
def test_a_condition_holds_once_it_is_shown(
    metric: str, condition: Condition, new: list[float], *, shown: bool
) -> None:
    held = bench(metric, shares(540, 600), new).condition(condition)
    assert held.shown is shown
    assert held.sentence.startswith("shown: " if shown else "not shown: ")


@pytest.mark.parametrize(
    ("trigger", "old", "new", "shown"),
    [
        (Trigger(metric="m", drop=0.0), shares(540, 600), shares(440, 600), True),
        (Trigger(metric="m", drop=0.2), shares(540, 600), shares(440, 600), False),
        (Trigger(metric="m", drop=0.0), shares(540, 600), shares(600, 600), False),
        (Trigger(metric="m", below=0.8), shares(540, 600), shares(400, 600), True),
        (
            Trigger(metric="m", drop=0.0, direction="minimize"),
            shares(10, 600),
            shares(99, 600),
            True,
        ),
        (
            Trigger(metric="m", above=0.0, direction="minimize"),
            shares(0, 600),
            shares(1, 600),
            True,
        ),
    ],
)
def test_a_trigger_fires_once_it_is_shown(
    trigger: Trigger, old: list[float], new: list[float], *, shown: bool
) -> None:
    (held,) = bench("m", old, new).triggers([trigger])
    assert held.shown is shown


def test_the_percentile_is_held_against_a_limit_and_against_the_other() -> None:
    def condition(**limit: float) -> Condition:
        return Condition(metric="p95_seconds", direction="minimize", **limit)

    def trigger(**limit: float) -> Trigger:
        return Trigger(metric="p95_seconds", direction="minimize", **limit)

    fast, slow = (bench("p95_seconds", FAST, each) for each in (FAST[::-1], SLOW))
    percentile = float(np.quantile(FAST, 0.95))
    assert fast.condition(condition(at_most=2 * percentile)).shown
    assert not fast.condition(condition(at_most=percentile)).shown
    assert fast.condition(condition(max_drop=2.0)).shown
    assert not slow.condition(condition(max_drop=0.5)).shown
    assert [each.shown for each in slow.triggers([trigger(drop=0.0), trigger(drop=9.0)])] == [
        True,
        False,
    ]
    assert slow.triggers([trigger(above=percentile)])[0].shown


def test_several_triggers_are_corrected_together() -> None:
    trigger = Trigger(metric="m", drop=0.0)
    one = bench("m", shares(540, 600), shares(488, 600))
    alone = one.triggers([trigger])[0].p or 0.0
    many = one.triggers([trigger, *[Trigger(metric="other", drop=0.0)] * 4])
    assert many[0].p == pytest.approx(5 * alone)
    assert "can't be judged" in many[1].sentence


def test_a_handful_of_requests_shows_nothing() -> None:
    few = bench("m", shares(540, 600), shares(0, 20))
    held = few.triggers([Trigger(metric="m", below=0.9)])[0]
    assert (held.shown, held.sentence) == (
        False,
        "can't be judged: m below 0.9 (new has 20 values, and 30 are the least to judge by)",
    )
