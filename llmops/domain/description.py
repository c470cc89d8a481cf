"""What a comparison shows to look at: nothing here is tested or corrected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.domain.analysis import improvement_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.analysis import Direction
    from llmops.domain.comparison import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A configuration's score where a data column has this value.

    `n` scores, over all repeats, are in the mean; errors and missing ones lower it. `difference`
    and its `interval` are against the baseline, over the lines that both answered; None for the
    baseline itself.
    """

    column: str
    value: str
    dataset: str
    configuration: str
    metric: str
    direction: Direction
    lines: int
    n: int
    score: float | None
    baseline_score: float | None
    difference: float | None
    interval: Interval | None

    @property
    def improvement(self) -> float | None:
        """Return the difference with the sign turned so that above 0 is better."""
        return improvement_of(self.difference, self.direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A line on which a configuration scored worse than the baseline (mean over repeats)."""

    configuration: str
    dataset: str
    line: int
    metric: str
    baseline: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvements:
    """The lines on which a configuration's objective is better than the baseline's, ascending."""

    configuration: str
    dataset: str
    metric: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts by expected and predicted label, for one configuration on one dataset."""

    configuration: str
    dataset: str
    labels: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]
