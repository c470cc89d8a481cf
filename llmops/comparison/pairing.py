"""Two configurations side by side, line by line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llmops.statistics import paired

if TYPE_CHECKING:
    from llmops.comparison.criteria import Criterion
    from llmops.comparison.scores import DatasetScores, Floats, Integers, Scores
    from llmops.statistics.paired import Paired


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The scores of the lines that both answered, each the mean of its repeats.

    `repeated` has the single scores where zeros and ones were repeated: the interval of their
    difference stays within -1 and 1, as that of means would not.
    """

    first: Floats
    second: Floats
    groups: Integers | None
    is_binary: bool
    repeated: Pairs | None = None

    def test(self, confidence: float) -> Paired:
        """Compare the second with the first."""
        test = paired.test_binary if self.is_binary else paired.test_numeric
        found = test(self.first, self.second, self.groups, confidence)
        if self.repeated is None:
            return found
        return replace(found, interval=self.repeated.test(confidence).interval)

    def improvements(self, criterion: Criterion) -> Floats:
        """Return how much better the second is on each line; above 0 is better."""
        return criterion.sign * (self.second - self.first)


def pairs_of(dataset: DatasetScores, metric: str, first: int, second: int) -> Pairs:
    """Return two configurations' lines; the mean of repeated zeros and ones is not binary."""
    means = dataset.means(metric)
    is_binary, is_repeated = dataset.is_binary(metric), dataset.repeats > 1
    both = np.isfinite(means[first]) & np.isfinite(means[second])
    return Pairs(
        first=means[first][both],
        second=means[second][both],
        groups=None if dataset.groups is None else dataset.groups[both],
        is_binary=is_binary and not is_repeated,
        repeated=_repeated(dataset, metric, first, second) if is_binary and is_repeated else None,
    )


def _repeated(dataset: DatasetScores, metric: str, first: int, second: int) -> Pairs:
    """Return the single scores, paired by line and repeat; those of a line belong together."""
    values, clusters = dataset.values[metric], dataset.clusters
    both = np.isfinite(values[first]) & np.isfinite(values[second])
    return Pairs(
        first=values[first][both],
        second=values[second][both],
        groups=None if clusters is None else clusters[both],
        is_binary=True,
    )


def pooled_improvements(
    scores: Scores, criterion: Criterion, first: str, second: str
) -> tuple[Floats, Integers | None]:
    """Return the lines of all datasets together; groups of different datasets stay apart."""
    order = scores.configurations
    improvements: list[Floats] = [np.empty(0)]
    groups: list[Integers] = []
    taken = 0
    for dataset in scores.datasets:
        if criterion.metric not in dataset.values:
            continue
        pairs = pairs_of(dataset, criterion.metric, order.index(first), order.index(second))
        improvements.append(pairs.improvements(criterion))
        if pairs.groups is not None:
            groups.append(pairs.groups + taken)
            taken += int(pairs.groups.max(initial=-1)) + 1
    return np.concatenate(improvements), np.concatenate(groups) if groups else None
