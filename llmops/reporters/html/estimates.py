"""The table of scores: a row per configuration and dataset, a column per metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.comparison.wording import counted
from llmops.reporters.wording import number, score, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmops.domain.comparison import Comparison, Estimate
    from llmops.domain.report import Cell, RunReport, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCell:
    """A score as the table shows it; each of `notes` is a line below the value."""

    value: str
    interval: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateTable:
    """`cells` is keyed by configuration id, dataset and metric.

    `metrics` have a value for each line, `aggregated` only one for all lines together.
    """

    metrics: tuple[str, ...]
    aggregated: tuple[str, ...]
    methods: tuple[str, ...]
    cells: Mapping[tuple[str, str, str], ScoreCell]


def estimate_table(report: RunReport, comparison: Comparison) -> EstimateTable:
    """Return every number: with an interval where lines have one each, without where they don't."""
    estimated = {
        (each.configuration, each.dataset, each.metric): each for each in comparison.estimates
    }
    metrics = tuple(dict.fromkeys(each.metric for each in comparison.estimates))
    aggregated = tuple(metric for metric in report.metrics if metric not in metrics)
    cells = {
        (item.id, cell.dataset, metric): shown
        for item in report.configurations
        for cell in item.cells
        for metric in (*metrics, *aggregated)
        if (shown := _shown(estimated.get((item.id, cell.dataset, metric)), cell, metric))
    }
    intervals = [each.interval for each in comparison.estimates if each.interval]
    return EstimateTable(
        metrics=metrics,
        aggregated=aggregated,
        methods=tuple(dict.fromkeys(interval.method for interval in intervals)),
        cells=cells,
    )


def _shown(estimate: Estimate | None, cell: Cell, metric: str) -> ScoreCell | None:
    if estimate:
        return ScoreCell(
            value=score(estimate.value, estimate.kind),
            interval=within(estimate.interval, estimate.kind),
            notes=tuple(_notes(estimate)),
        )
    if metric not in cell.scores:
        return None
    aggregated = cell.scores[metric]
    return ScoreCell(value=number(aggregated.value), interval="", notes=tuple(_repeats(aggregated)))


def _notes(estimate: Estimate) -> Iterator[str]:
    counts = [f"n {estimate.n:,}"]
    if estimate.errors:
        counts.append(counted(estimate.errors, "error"))
    if estimate.missing:
        counts.append(f"{estimate.missing:,} missing")
    if 0 < estimate.clusters < estimate.n:
        counts.append(f"{estimate.clusters:,} independent")
    yield ", ".join(counts)
    if estimate.stopped_after is not None:
        yield f"stopped after {counted(estimate.stopped_after, 'line')}"
    if estimate.noise:
        noise = estimate.noise
        judge = "" if noise.judge is None else f", judge {number(noise.judge)}"
        yield f"sd: lines {number(noise.lines)}, model {number(noise.model)}{judge}"


def _repeats(aggregated: Score) -> Iterator[str]:
    counts = [f"n {aggregated.n:,}"]
    if aggregated.errors:
        counts.append(counted(aggregated.errors, "error"))
    if aggregated.missing:
        counts.append(f"{aggregated.missing:,} missing")
    yield ", ".join(counts)
    if len(aggregated.values) > 1:
        yield " · ".join(number(value) for value in aggregated.values)
