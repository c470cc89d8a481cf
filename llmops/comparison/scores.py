"""The scores of a run as arrays: what every number of a comparison is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]
LabelCounts = Mapping[tuple[str, str], int]
"""How often an expected label met a predicted one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetScores:
    """The scores on one dataset.

    `values` and `errors` map a metric to arrays of configurations x lines x repeats: NaN where
    there is no score, True where an error is the reason. `lines` are the lines' numbers in the
    file. `groups` has a number per line, equal for lines that are not independent. `columns` has
    the text of each line in the data columns that make slices; None where a line lacks it.
    `evaluators` are those that judge this dataset. `labels` and `stopped_after` go by
    configuration, and so does a metric's `judge_variance`: what a judge that repeats adds to the
    variance of one score, NaN where it answered once.
    """

    dataset: str
    lines: Integers
    held_out: Flags
    values: Mapping[str, Floats]
    errors: Mapping[str, Flags] = field(default_factory=dict[str, Flags])
    groups: Integers | None = None
    columns: Mapping[str, Sequence[str | None]] = field(
        default_factory=dict[str, "Sequence[str | None]"]
    )
    evaluators: frozenset[str] = frozenset()
    labels: Sequence[LabelCounts] = ()
    judge_variance: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    stopped_after: Mapping[int, int] = field(default_factory=dict[int, int])

    def side(self, *, held_out: bool) -> DatasetScores:
        """Return the lines that choose, or those that were kept apart to confirm."""
        return self.only(self.held_out == held_out)

    def only(self, kept: Flags) -> DatasetScores:
        """Return the lines where this is True."""
        return replace(
            self,
            lines=self.lines[kept],
            held_out=self.held_out[kept],
            values={metric: values[:, kept] for metric, values in self.values.items()},
            errors={metric: errors[:, kept] for metric, errors in self.errors.items()},
            groups=None if self.groups is None else self.groups[kept],
            columns={
                name: [text for text, keep in zip(texts, kept, strict=True) if keep]
                for name, texts in self.columns.items()
            },
        )

    @property
    def repeats(self) -> int:
        """Return how often each line was to run."""
        return max((values.shape[2] for values in self.values.values()), default=1)

    @property
    def clusters(self) -> Integers | None:
        """Return lines x repeats: the line's group, else the line itself where it is repeated."""
        if self.groups is None and self.repeats == 1:
            return None
        own = np.arange(len(self.lines)) if self.groups is None else self.groups
        return np.repeat(own[:, np.newaxis], self.repeats, axis=1)

    def means(self, metric: str) -> Floats:
        """Return configurations x lines: the mean over the repeats that have a score, or NaN."""
        values = self.values[metric]
        if values.shape[2] == 1:
            return values[:, :, 0]
        known = np.isfinite(values)
        counts = known.sum(axis=2)
        sums = np.where(known, values, 0.0).sum(axis=2)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    def mean(self, metric: str, configuration: int) -> float | None:
        """Return the mean of all its scores; None without any."""
        values = self.values[metric][configuration]
        known = values[np.isfinite(values)]
        return float(known.mean()) if known.size else None

    def is_binary(self, metric: str) -> bool:
        """Tell whether every score of the metric is 0 or 1."""
        values = self.values[metric]
        return bool(np.all(np.isnan(values) | (values == 0) | (values == 1)))

    def is_judged_by(self, metric: str) -> bool:
        """Tell whether this dataset was to have the metric: its evaluator judges these lines."""
        return metric in self.values or any(
            metric.startswith(f"{evaluator}.") for evaluator in self.evaluators
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of a run; arrays have the configurations in this order."""

    configurations: tuple[str, ...]
    baseline: str | None
    datasets: tuple[DatasetScores, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """Return every configuration but the baseline."""
        return tuple(name for name in self.configurations if name != self.baseline)

    def side(self, *, held_out: bool) -> Scores:
        """Return the lines that choose, or those that were kept apart to confirm."""
        sides = tuple(each.side(held_out=held_out) for each in self.datasets)
        return replace(self, datasets=sides)

    def metrics(self) -> tuple[str, ...]:
        """Return every metric that has a number per line, in the order first seen."""
        return tuple(dict.fromkeys(name for each in self.datasets for name in each.values))
