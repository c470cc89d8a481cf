"""Where in the data a variant falls behind: the objective by the values of data columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from llmops.comparison.pairing import pairs_of
from llmops.domain.comparison import Slice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmops.comparison.criteria import Criterion
    from llmops.comparison.scores import DatasetScores, Scores


FEWEST_LINES: Final = 5
"""A value with fewer lines is no slice: it says nothing, and an id has thousands of them."""


def slices_of(scores: Scores, objective: Criterion, confidence: float) -> tuple[Slice, ...]:
    """Return every value of every column for every variant, the worst difference first.

    Nothing here is tested or corrected: with enough slices some look bad by chance.
    """
    found = [
        each
        for dataset in scores.datasets
        if objective.metric in dataset.values
        for column in dataset.columns
        for part, value in _parts(dataset, column)
        for each in _of_variants(part, scores, objective, (column, value), confidence)
    ]
    found.sort(key=lambda each: objective.sign * _difference(each))
    return tuple(found)


def _parts(dataset: DatasetScores, column: str) -> Iterator[tuple[DatasetScores, str]]:
    texts = dataset.columns[column]
    counts = Counter(text for text in texts if text is not None)
    for value in sorted(value for value, count in counts.items() if count >= FEWEST_LINES):
        yield dataset.only(np.array([text == value for text in texts])), value


def _of_variants(
    part: DatasetScores,
    scores: Scores,
    objective: Criterion,
    where: tuple[str, str],
    confidence: float,
) -> Iterator[Slice]:
    order = scores.configurations
    first = None if scores.baseline is None else order.index(scores.baseline)
    for name in scores.variants:
        place = order.index(name)
        pairs = None if first is None else pairs_of(part, objective.metric, first, place)
        yield Slice(
            column=where[0],
            value=where[1],
            dataset=part.dataset,
            configuration=name,
            metric=objective.metric,
            lines=len(part.lines),
            score=part.mean(objective.metric, place),
            baseline_score=None if first is None else part.mean(objective.metric, first),
            interval=None if pairs is None else pairs.test(confidence).interval,
        )


def _difference(each: Slice) -> float:
    """Return the difference from the baseline; 0, neither good nor bad, where there is none."""
    if each.score is None or each.baseline_score is None:
        return 0.0
    return each.score - each.baseline_score
