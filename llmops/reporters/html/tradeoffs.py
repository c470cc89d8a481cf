"""Quality against what it takes: where the marks stand, and which of them nothing beats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.reporters.html.axis import Axis
from llmops.reporters.wording import money, score, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from llmops.domain.comparison import ScoreKind
    from llmops.domain.report import ConfigurationReport, RunReport
    from llmops.reporters.html.names import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A configuration in percent of the axes; `on_front`: no other is better and takes less.

    `aside` is how many marks already stand there: its letter goes so many places to the right.
    """

    configuration: str
    key: str
    x: float
    y: float
    title: str
    on_front: bool
    aside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """The objective against what it takes; `front` are the marks nothing beats, from the left."""

    title: str
    x_label: str
    x_axis: Axis
    y_axis: Axis
    y_text: Callable[[float], str]
    points: tuple[Point, ...]

    @property
    def front(self) -> tuple[Point, ...]:
        """Return the marks on the front, the one that takes least first."""
        return tuple(
            sorted((each for each in self.points if each.on_front), key=lambda each: each.x)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Price:
    """Something that lines take; `of` gives None where it is not known."""

    name: str
    unit: str
    of: Callable[[ConfigurationReport], float | None]
    text: Callable[[float], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """What decides whether a mark is beaten: `quality` grows with what the objective wants."""

    item: ConfigurationReport
    taken: float
    value: float
    quality: float


def scatters(report: RunReport, names: Mapping[str, Name], kind: ScoreKind) -> list[Scatter]:
    """Return the objective against cost and against latency, where these are known."""
    prices = (
        _Price(
            name="cost",
            unit=f"{report.currency} per 1,000 lines",
            of=_cost_per_thousand,
            text=money,
        ),
        _Price(
            name="latency",
            unit="seconds per line, 95th percentile",
            of=lambda item: item.figures.p95,
            text=seconds,
        ),
    )
    charts = (_scatter(report, names, price, kind) for price in prices)
    return [chart for chart in charts if chart]


def _scatter(
    report: RunReport, names: Mapping[str, Name], price: _Price, kind: ScoreKind
) -> Scatter | None:
    found = list(_candidates(report, price))
    if len(found) < 2 or not any(each.taken for each in found):
        return None
    x_axis = Axis.over([each.taken for each in found] + [0.0])
    y_axis = Axis.over([each.value for each in found])
    points: list[Point] = []
    for each in found:
        x, y = x_axis.place(each.taken), 100 - y_axis.place(each.value)
        points.append(
            Point(
                configuration=each.item.id,
                key=each.item.key,
                x=x,
                y=y,
                title=f"{_named(names[each.item.id])}: {score(each.value, kind)}"
                f" at {price.text(each.taken)} {price.unit}",
                on_front=not _is_beaten(each, found),
                aside=sum(abs(other.x - x) < 4 and abs(other.y - y) < 8 for other in points),
            )
        )
    return Scatter(
        title=f"Quality and {price.name}",
        x_label=price.unit,
        x_axis=x_axis,
        y_axis=y_axis,
        y_text=_share if kind == "binary" else _plain,
        points=tuple(points),
    )


def _named(name: Name) -> str:
    return f"{name.key} {name.short}{', stopped early' if name.is_stopped else ''}"


def _candidates(report: RunReport, price: _Price) -> Iterator[_Candidate]:
    objective = report.objective
    if objective is None:
        return
    sign = 1 if objective.direction == "maximize" else -1
    for item in report.configurations:
        taken, value = price.of(item), item.value(objective.metric)
        if taken is not None and value is not None:
            yield _Candidate(item=item, taken=taken, value=value, quality=sign * value)


def _is_beaten(candidate: _Candidate, others: Sequence[_Candidate]) -> bool:
    """Tell whether another is at least as good and as cheap, and better in one of the two."""
    return any(
        other.quality >= candidate.quality
        and other.taken <= candidate.taken
        and (other.quality, other.taken) != (candidate.quality, candidate.taken)
        for other in others
    )


def _cost_per_thousand(item: ConfigurationReport) -> float | None:
    cost = item.figures.cost_per_line
    return None if cost is None else 1000 * cost


def _share(value: float) -> str:
    return f"{100 * value:.4g} %"


def _plain(value: float) -> str:
    return f"{value:.4g}"
