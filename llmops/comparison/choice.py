"""Which one to take where several would do: the best, or a cheaper or faster equal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llmops.comparison.candidates import limits_broken
from llmops.comparison.pairing import pairs_of, pooled_improvements
from llmops.statistics import equivalence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.comparison.candidates import Candidate
    from llmops.comparison.evidence import Evidence


def ranked(winners: Sequence[Candidate]) -> list[Candidate]:
    """Return them by their mean improvement, the best first."""
    return sorted(winners, key=lambda each: -(each.improvement or 0.0))


def preferred(evidence: Evidence, configurations: Sequence[str]) -> str:
    """Return the cheapest or fastest as preferred; the first of those that take the same.

    What isn't known counts as the most.
    """

    def takes(configuration: str) -> float:
        taken = evidence.taken(configuration)
        return math.inf if taken is None else taken

    return min(configurations, key=takes)


def equals_of_best(evidence: Evidence, winners: Sequence[Candidate]) -> list[str]:
    """Return the best of these winners, and those shown to be within the margin of it."""
    best, *others = (each.configuration for each in winners)
    return [best, *(name for name in others if is_within_margin(evidence, best, name))]


def equals_of_baseline(evidence: Evidence, candidates: Sequence[Candidate]) -> list[str]:
    """Return the baseline if it keeps the limits, and the variants that may stand in for it."""
    baseline = evidence.scores.baseline or ""
    equals = [] if any(limits_broken(evidence, baseline)) else [baseline]
    return equals + [
        each.configuration for each in candidates if each.equivalent and not each.obstacles
    ]


def is_within_margin(evidence: Evidence, first: str, second: str) -> bool:
    """Tell whether two variants are shown to be equivalent on every dataset."""
    objective = evidence.objective
    if objective.margin is None:
        return False
    order = evidence.scores.configurations
    for dataset in evidence.scores.datasets:
        if objective.metric not in dataset.values:
            continue
        pairs = pairs_of(dataset, objective.metric, order.index(first), order.index(second))
        p = equivalence.tost(pairs.improvements(objective), pairs.groups, objective.margin)
        if p is None or p > evidence.margin_level:
            return False
    return True


def is_shown_better(evidence: Evidence, first: str, second: str) -> bool:
    """Tell whether the first is better than the second over all lines, tested on its own."""
    improved, groups = pooled_improvements(evidence.scores, evidence.objective, second, first)
    p = equivalence.non_inferiority(improved, groups, 0.0)
    return p is not None and p <= evidence.analysis.alpha / 2
