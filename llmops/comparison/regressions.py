"""The lines on which a variant did worse or better than the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmops.domain.description import Improvements, Regression

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmops.comparison.criteria import Criterion
    from llmops.comparison.scores import DatasetScores, Scores


def regressions_of(scores: Scores, criteria: Sequence[Criterion]) -> tuple[Regression, ...]:
    """Return them by dataset and line, of the objective and the guardrails."""
    decisive = [each for each in criteria if each.role != "metric"]
    return tuple(
        regression
        for dataset in scores.datasets
        for regression in sorted(_on_dataset(dataset, scores, decisive), key=lambda each: each.line)
    )


def improvements_of(scores: Scores, criteria: Sequence[Criterion]) -> tuple[Improvements, ...]:
    """Return a configuration's better lines by dataset, by the objective."""
    if scores.baseline is None:
        return ()
    first = scores.configurations.index(scores.baseline)
    found: list[Improvements] = []
    for objective in (each for each in criteria if each.role == "objective"):
        for dataset in scores.datasets:
            if objective.metric not in dataset.values:
                continue
            means = dataset.means(objective.metric)
            better = objective.sign * (means - means[first]) > 0
            found += [
                Improvements(
                    configuration=name,
                    dataset=dataset.dataset,
                    metric=objective.metric,
                    lines=tuple(dataset.lines[row].tolist()),
                )
                for name, row in zip(scores.configurations, better, strict=True)
                if row.any()
            ]
    return tuple(found)


def _on_dataset(
    dataset: DatasetScores, scores: Scores, criteria: Sequence[Criterion]
) -> Iterator[Regression]:
    if scores.baseline is None:
        return
    first = scores.configurations.index(scores.baseline)
    for criterion in criteria:
        if criterion.metric not in dataset.values:
            continue
        means = dataset.means(criterion.metric)
        worse = criterion.sign * (means - means[first]) < 0
        places, lines = np.nonzero(worse)
        for place, line in zip(places, lines, strict=True):
            yield Regression(
                configuration=scores.configurations[int(place)],
                dataset=dataset.dataset,
                line=int(dataset.lines[line]),
                metric=criterion.metric,
                baseline=float(means[first, line]),
                score=float(means[place, line]),
            )
