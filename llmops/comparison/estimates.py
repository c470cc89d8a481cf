"""The mean of every score, with an interval that fits its kind."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from llmops.domain.comparison import Estimate, Noise
from llmops.statistics import intervals, noise

if TYPE_CHECKING:
    from llmops.comparison.scores import DatasetScores, Scores


def estimates_of(scores: Scores, confidence: float) -> tuple[Estimate, ...]:
    """Return configurations x datasets x metrics, where the dataset has the metric."""
    return tuple(
        _estimate(dataset, metric, name, place, confidence)
        for place, name in enumerate(scores.configurations)
        for dataset in scores.datasets
        for metric in dataset.values
    )


def _estimate(
    dataset: DatasetScores, metric: str, configuration: str, place: int, confidence: float
) -> Estimate:
    values = dataset.values[metric][place]
    known = np.isfinite(values)
    errors = int(dataset.errors[metric][place].sum())
    kept = None if dataset.clusters is None else dataset.clusters[known]
    binary = dataset.is_binary(metric)
    interval = intervals.proportion_interval if binary else intervals.mean_interval
    return Estimate(
        configuration=configuration,
        dataset=dataset.dataset,
        metric=metric,
        kind="binary" if binary else "numeric",
        value=dataset.mean(metric, place),
        interval=interval(values[known], kept, confidence),
        n=int(known.sum()),
        errors=errors,
        missing=values.size - int(known.sum()) - errors,
        clusters=int(known.sum()) if kept is None else len(np.unique(kept)),
        noise=_noise(dataset, metric, place),
        stopped_after=dataset.stopped_after.get(place),
    )


def _noise(dataset: DatasetScores, metric: str, place: int) -> Noise | None:
    """Split the spread where lines are repeated, or where the judge repeated."""
    values = dataset.values[metric][place]
    variances = dataset.judge_variance.get(metric)
    variance = None if variances is None or np.isnan(variances[place]) else float(variances[place])
    judge = None if variance is None else math.sqrt(variance)
    parts = noise.split(values)
    if parts is not None:
        return Noise(lines=parts[0], model=parts[1], judge=judge)
    known = values[np.isfinite(values)]
    if variance is None or known.size < 2:
        return None
    between = float(known.var(ddof=1)) - variance
    return Noise(lines=math.sqrt(max(between, 0.0)), model=None, judge=judge)
