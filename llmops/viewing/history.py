"""One metric of an experiment over its runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.reporters.html.axis import Axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Estimate
    from llmops.viewing.catalogue import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A run's estimates of the configuration to use, and of the baseline it was measured by."""

    entry: Entry
    label: str
    chosen: Estimate | None
    baseline: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A value on the chart, in percent of its width and height; the interval's ends where known."""

    x: float
    y: float
    low: float | None
    high: float | None
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Runs from left to right, the oldest first."""

    axis: Axis
    chosen: tuple[Mark, ...]
    baseline: tuple[Mark, ...]


def point(entry: Entry, metric: str, dataset: str) -> Point:
    """Return what a run says of the metric on a dataset."""
    finding = entry.finding
    found = {
        each.configuration: each
        for each in finding.estimates
        if each.metric == metric and each.dataset == dataset
    }
    return Point(
        entry=entry,
        label=finding.labels.get(finding.used or "", ""),
        chosen=found.get(finding.used or ""),
        baseline=found.get(finding.baseline or "") if finding.baseline != finding.used else None,
    )


def chart(points: Sequence[Point]) -> Chart | None:
    """Return the chart; None where no run has a value."""
    estimates = [each for item in points for each in (item.chosen, item.baseline) if each]
    values = [each.value for each in estimates if each.value is not None]
    if not values:
        return None
    intervals = [each.interval for each in estimates if each.interval]
    ends = [end for each in intervals for end in (each.low, each.high)]
    axis = Axis.over(values + ends)
    return Chart(
        axis=axis,
        chosen=_marks([item.chosen for item in points], points, axis),
        baseline=_marks([item.baseline for item in points], points, axis),
    )


def _marks(
    estimates: Sequence[Estimate | None], points: Sequence[Point], axis: Axis
) -> tuple[Mark, ...]:
    return tuple(
        Mark(
            x=round(100 * (place + 0.5) / len(points), 2),
            y=100 - axis.place(each.value),
            low=100 - axis.place(each.interval.low) if each.interval else None,
            high=100 - axis.place(each.interval.high) if each.interval else None,
            title=f"{points[place].entry.run}: {each.value:.3f}",
        )
        for place, each in enumerate(estimates)
        if each and each.value is not None
    )
