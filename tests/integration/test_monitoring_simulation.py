"""Rollouts with a known truth, looked at again and again as a schedule does.

Each rollout is looked at 20 times on its way from 300 to 6,000 requests. With 150 of them the
standard error of a share of 5 % is 1.8 points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llmops.domain.deployment import Condition, TrafficPlan, Trigger
from llmops.domain.monitoring import StatedSplit
from llmops.monitoring.comparing import Comparing
from llmops.monitoring.conditions import Bench
from llmops.monitoring.samples import Samples, Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ALPHA = 0.05
ROLLOUTS = 150
HIGHEST = ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / ROLLOUTS)
LOOKS = np.unique(np.geomspace(300, 6000, 20).astype(np.int64))
SPLIT = StatedSplit(
    since=0.0,
    releases={"old": "reviews/1", "new": "reviews/2"},
    percent={"old": 90, "new": 10},
    candidate="new",
    incumbent="old",
)
PLAN = TrafficPlan(
    bake_requests=200,
    must_hold=(
        Condition(metric="judge.right", max_drop=0.05),
        Condition(metric="error_rate", at_most=0.05, direction="minimize"),
    ),
    rollback_when=(
        Trigger(metric="judge.right", drop=0.0),
        Trigger(metric="error_rate", above=0.05, direction="minimize"),
        Trigger(metric="p95_seconds", drop=0.0, direction="minimize"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class World:
    """The truth of one deployment; users ask `repeats` times and are alike by half."""

    right: float = 0.9
    errors: float = 0.02
    slower: float = 1.0
    repeats: int = 1

    def draw(self, random: np.random.Generator, n: int) -> dict[str, Values]:
        users = np.arange(n, dtype=np.uint64) // np.uint64(self.repeats) + np.uint64(1)
        units = users if self.repeats > 1 else np.zeros(n, dtype=np.uint64)
        moods = random.random(n)[(users - np.uint64(1)).astype(np.int64)]
        own = random.random(n)
        is_shared = (random.random(n) < 0.5) & (self.repeats > 1)
        right = np.where(is_shared, moods, own) < self.right
        columns: dict[str, NDArray[np.float64]] = {
            "judge.right": right.astype(np.float64),
            "error_rate": (random.random(n) < self.errors).astype(np.float64),
            "p95_seconds": self.slower * random.lognormal(0, 0.7, n),
        }
        return {name: Values(values=values, units=units) for name, values in columns.items()}


def looks(random: np.random.Generator, old: World, new: World) -> Iterator[Samples]:
    """Yield what one rollout shows at each look."""
    drawn = {"old": old.draw(random, 6000), "new": new.draw(random, 1200)}
    for n in LOOKS:
        candidate = int(n) // 10
        sizes = {"old": int(n) - candidate, "new": candidate}
        yield Samples(
            values={
                metric: {
                    name: Values(
                        values=drawn[name][metric].values[: sizes[name]],
                        units=drawn[name][metric].units[: sizes[name]],
                    )
                    for name in drawn
                }
                for metric in drawn["old"]
            }
        )


def bench(samples: Samples) -> Bench:
    return Bench(samples=samples, split=SPLIT, planned=PLAN.bake_requests, alpha=ALPHA)


def rolls_back(samples: Samples) -> bool:
    return any(each.shown for each in bench(samples).triggers(PLAN.rollback_when))


def goes_on(samples: Samples) -> bool:
    return all(bench(samples).condition(each).shown for each in PLAN.must_hold)


def finds_a_difference(samples: Samples) -> bool:
    comparing = Comparing(samples=samples, split=SPLIT, planned=PLAN.bake_requests, alpha=ALPHA)
    found = comparing.differences(
        {"judge.right": "maximize", "error_rate": "minimize", "p95_seconds": "minimize"}
    )
    return any(each.finding != "not shown" for each in found)


@pytest.mark.parametrize(
    "both",
    [World(), World(right=0.99, errors=0.001), World(repeats=6)],
    ids=["usual", "rare", "users"],
)
def test_equal_deployments_are_left_in_peace_at_their_error_rate(both: World) -> None:
    random = np.random.default_rng(11)
    false = {"rollback": 0, "difference": 0}
    for _ in range(ROLLOUTS):
        shown = [(rolls_back(each), finds_a_difference(each)) for each in looks(random, both, both)]
        false["rollback"] += any(rollback for rollback, _ in shown)
        false["difference"] += any(difference for _, difference in shown)
    assert max(false.values()) / ROLLOUTS <= HIGHEST, false


@pytest.mark.parametrize(
    "new",
    [World(right=0.8), World(errors=0.12), World(slower=1.8)],
    ids=["wrong", "errors", "slow"],
)
def test_a_true_difference_is_found(new: World) -> None:
    random = np.random.default_rng(12)
    found = sum(
        any(rolls_back(samples) for samples in looks(random, World(), new)) for _ in range(40)
    )
    assert found >= 36


def test_one_who_breaks_a_condition_goes_on_at_most_at_the_error_rate() -> None:
    random = np.random.default_rng(13)
    passed = sum(
        any(goes_on(samples) for samples in looks(random, World(), World(right=0.85)))
        for _ in range(ROLLOUTS)
    )
    assert passed / ROLLOUTS <= HIGHEST


def test_one_who_keeps_them_goes_on() -> None:
    random = np.random.default_rng(14)
    good = World(right=0.92, errors=0.01)
    passed = sum(
        any(goes_on(samples) for samples in looks(random, World(), good)) for _ in range(40)
    )
    assert passed >= 36
