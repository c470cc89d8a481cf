"""The promise of the decision, held on thousands of simulated experiments.

Six configurations, the first of them the baseline, on two datasets with three metrics that
correlate within a line: two of 0 and 1, one of any size. All configurations answer the same lines,
so their scores correlate too. Seeds are fixed: a failure is a change, not bad luck.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from fake_scores import contenders, dataset_scores, run_scores

from llmops.comparison.verdict import reach_verdict
from llmops.domain.analysis import Analysis, Guardrail, Objective

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.random import Generator

    from llmops.comparison.scores import DatasetScores, Floats, Scores
    from llmops.comparison.verdict import Verdict
    from llmops.domain.comparison import Decision

CONFIGURATIONS = 6
ANALYSIS = Analysis(
    objective=Objective(metric="m.right"),
    guardrails=(Guardrail(metric="m.polite"),),
    metrics=("m.stars",),
)
CONTENDERS = contenders()


@dataclass(frozen=True, kw_only=True)
class World:
    """What experiments are drawn from.

    `right` and `polite` are the true shares by configuration. With `group` lines to a group, lines
    of a group share what they think of each configuration.
    """

    lines: int = 100
    repeats: int = 1
    group: int = 1
    datasets: tuple[str, ...] = ("x", "y")
    right: tuple[float, ...] = (0.7,) * CONFIGURATIONS
    polite: tuple[float, ...] = (0.9,) * CONFIGURATIONS

    def draw(self, rng: Generator) -> Scores:
        return run_scores(*(self._dataset(rng, name) for name in self.datasets))

    def _dataset(self, rng: Generator, name: str) -> DatasetScores:
        right = self._answers(rng)
        other = self._answers(rng)
        polite = (right + other) / sqrt(2)
        return dataset_scores(
            name,
            groups=np.arange(self.lines) // self.group if self.group > 1 else None,
            m_right=right > _thresholds(self.right),
            m_polite=polite > _thresholds(self.polite),
            m_stars=np.exp(0.7 * right + 0.3 * other),
        )

    def _answers(self, rng: Generator) -> Floats:
        """Return standard normal values: half the variance is the line's own difficulty."""
        difficulty = rng.normal(size=(1, self.lines, 1))
        answer = rng.normal(size=(CONFIGURATIONS, self.lines, self.repeats))
        if self.group > 1:
            groups = -(-self.lines // self.group)
            taste = rng.normal(size=(CONFIGURATIONS, groups, 1)).repeat(self.group, axis=1)
            answer = (answer + taste[:, : self.lines]) / sqrt(2)
        return (difficulty + answer) / sqrt(2)


def _thresholds(shares: tuple[float, ...]) -> Floats:
    return np.array([NormalDist().inv_cdf(1 - share) for share in shares])[:, None, None]


def most(experiments: int, rate: float = 0.05) -> float:
    """Return the rate that experiments with this true rate stay below 999 times in 1,000."""
    return rate + 3.1 * sqrt(rate * (1 - rate) / experiments)


def verdicts(world: World, experiments: int, analysis: Analysis = ANALYSIS) -> Iterator[Verdict]:
    rng = np.random.default_rng(20260102)
    for _ in range(experiments):
        yield reach_verdict(world.draw(rng), analysis, CONTENDERS)


def decisions(world: World, experiments: int, analysis: Analysis = ANALYSIS) -> list[Decision]:
    return [verdict.decision for verdict in verdicts(world, experiments, analysis)]


def finds_something(verdict: Verdict) -> bool:
    return any(effect.finding != "not shown" for effect in verdict.effects)


def share(truths: Iterable[bool]) -> float:
    return float(np.mean(list(truths)))


def test_equal_variants_win_in_at_most_5_percent_where_the_mean_crowns_one_every_time() -> None:
    experiments = 2_000
    seen = list(verdicts(World(), experiments))
    assert share(verdict.decision.outcome == "winner" for verdict in seen) <= most(experiments)
    assert share(finds_something(verdict) for verdict in seen) <= most(experiments)
    crowned = [verdict.decision.best_by_mean for verdict in seen]
    assert None not in crowned
    assert share(name != "a" for name in crowned) > 0.75
    uncorrected = share(
        any(effect.p is not None and effect.p <= 0.05 for effect in verdict.effects)
        for verdict in seen
    )
    assert uncorrected > 0.4


def test_repeats_and_groups_keep_the_error_rate() -> None:
    experiments = 300
    world = World(lines=200, repeats=2, group=5)
    seen = list(verdicts(world, experiments))
    assert share(finds_something(verdict) for verdict in seen) <= most(experiments)
    assert all(verdict.decision.best_by_mean for verdict in seen)


def test_lines_of_a_group_taken_for_independent_would_not_keep_it() -> None:
    world, rng = World(lines=120, group=6), np.random.default_rng(20260102)
    found: list[bool] = []
    for _ in range(100):
        drawn = world.draw(rng)
        alone = tuple(replace(dataset, groups=None) for dataset in drawn.datasets)
        found.append(
            finds_something(reach_verdict(replace(drawn, datasets=alone), ANALYSIS, CONTENDERS))
        )
    assert share(found) > 0.3


def test_a_variant_that_is_15_points_better_wins_most_of_the_time() -> None:
    world = World(lines=200, right=(0.7, 0.7, 0.85, 0.7, 0.7, 0.7))
    outcomes = decisions(world, 200)
    assert share(decision.configuration == "c" for decision in outcomes) > 0.9
    assert all(decision.configuration in ("a", "c") for decision in outcomes)


def test_a_better_variant_that_breaks_a_guardrail_does_not_win() -> None:
    right, polite = (0.7, 0.85, 0.7, 0.7, 0.7, 0.7), (0.9, 0.7, 0.9, 0.9, 0.9, 0.9)
    outcomes = decisions(World(lines=200, right=right, polite=polite), 200)
    assert share(decision.outcome == "winner" for decision in outcomes) < 0.05
    assert share("m.polite" in decision.sentence for decision in outcomes) > 0.9


def test_five_better_variants_at_a_guardrails_margin_rarely_pass_it() -> None:
    experiments = 600
    world = World(lines=200, datasets=("x",), right=(0.7, *(0.85,) * 5), polite=(0.9, *(0.85,) * 5))
    guardrail = Guardrail(metric="m.polite", margin=0.05)
    analysis = Analysis(objective=ANALYSIS.objective, guardrails=(guardrail,))
    outcomes = decisions(world, experiments, analysis)
    wins = share(decision.outcome == "winner" for decision in outcomes)
    assert 0 < wins <= most(experiments)


def test_five_variants_that_differ_by_the_margin_are_rarely_called_equivalent() -> None:
    experiments = 600
    world = World(lines=800, datasets=("x",), right=(0.7, *(0.65,) * 5))
    analysis = Analysis(objective=Objective(metric="m.right", margin=0.05))
    outcomes = decisions(world, experiments, analysis)
    called = share(decision.outcome == "equivalent" for decision in outcomes)
    assert 0 < called <= most(experiments)
