"""Where marks stand in the charts, as percentages, so that text keeps its size on any screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.reporters.html.axis import Axis
from llmops.reporters.html.wording import money, number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmops.domain.report import ConfigurationReport, RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A dataset's score (`series` counts datasets), or one repeat of it."""

    place: float
    series: int
    title: str
    is_repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DotRow:
    """A configuration's scores: a mark for each dataset, and the mean."""

    configuration: ConfigurationReport
    mean: float | None
    value: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DotPlot:
    """One metric, a row per configuration."""

    metric: str
    axis: Axis
    rows: tuple[DotRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A configuration in a scatter plot."""

    configuration: ConfigurationReport
    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """A metric against what it takes; `x_label` gives the unit."""

    title: str
    x_label: str
    x_axis: Axis
    x_text: Callable[[float], str]
    y_axis: Axis
    points: tuple[Point, ...]


def dot_plot(report: RunReport, metric: str) -> DotPlot | None:
    """Return the chart of one metric; None when nothing has a value."""
    values = [
        value
        for item in report.configurations
        for cell in item.cells
        if metric in cell.scores
        for value in (*cell.scores[metric].values, cell.scores[metric].value)
        if value is not None
    ]
    if not values:
        return None
    axis = Axis.over(values)
    rows = tuple(
        _dot_row(item, metric, axis, list(report.datasets)) for item in report.configurations
    )
    return DotPlot(metric=metric, axis=axis, rows=rows)


def scatters(report: RunReport, metric: str) -> list[Scatter]:
    """Return the metric against cost and against latency, where these are known."""
    cost = f"{report.currency} per 1,000 lines"
    charts = [
        _scatter(report, metric, f"{metric} and cost", cost, _cost_per_thousand, money),
        _scatter(
            report, metric, f"{metric} and latency", "median seconds per line", _median, number
        ),
    ]
    return [chart for chart in charts if chart]


def _dot_row(item: ConfigurationReport, metric: str, axis: Axis, datasets: Sequence[str]) -> DotRow:
    marks: list[Mark] = []
    for cell in item.cells:
        score = cell.scores.get(metric)
        if score is None or score.value is None:
            continue
        series = datasets.index(cell.dataset)
        repeats = [value for value in score.values if value is not None]
        if len(repeats) > 1:
            marks += [
                Mark(
                    place=axis.place(value),
                    series=series,
                    title=f"{item.key}, {cell.dataset}, repeat {place}: {number(value)}",
                    is_repeat=True,
                )
                for place, value in enumerate(repeats, start=1)
            ]
        title = f"{item.key}, {cell.dataset}: {number(score.value)}"
        marks.append(
            Mark(place=axis.place(score.value), series=series, title=title, is_repeat=False)
        )
    mean = item.value(metric)
    return DotRow(
        configuration=item,
        mean=None if mean is None else axis.place(mean),
        value=number(mean),
        marks=tuple(marks),
    )


def _scatter(
    report: RunReport,
    metric: str,
    title: str,
    x_label: str,
    x_of: Callable[[ConfigurationReport], float | None],
    x_text: Callable[[float], str],
) -> Scatter | None:
    found = [
        (item, x, y)
        for item in report.configurations
        if (x := x_of(item)) is not None and (y := item.value(metric)) is not None
    ]
    if len(found) < 2 or not any(x for _, x, _ in found):
        return None
    x_axis = Axis.over([x for _, x, _ in found] + [0.0])
    y_axis = Axis.over([y for _, _, y in found])
    points = tuple(
        Point(
            configuration=item,
            x=x_axis.place(x),
            y=100 - y_axis.place(y),
            title=f"{item.key} {item.label}: {number(y)} at {x_text(x)} {x_label}",
        )
        for item, x, y in found
    )
    return Scatter(
        title=title, x_label=x_label, x_axis=x_axis, x_text=x_text, y_axis=y_axis, points=points
    )


def _cost_per_thousand(item: ConfigurationReport) -> float | None:
    figures = item.figures
    return None if figures.cost is None or not figures.n else 1000 * figures.cost / figures.n


def _median(item: ConfigurationReport) -> float | None:
    return item.figures.p50
