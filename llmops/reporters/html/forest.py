"""Where the marks of a forest plot stand: every effect on one axis on which right is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.comparison.wording import amount
from llmops.reporters import wording
from llmops.reporters.html.axis import Axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Effect, ScoreKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An improvement and its interval in percent of the axis."""

    low: float
    point: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An effect; `mark` is None where nothing could be compared. Texts count improvement."""

    effect: Effect
    mark: Mark | None
    improvement: str
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """The effects on one metric, by dataset.

    `band` is what does not matter, or a guardrail allows: from and to, in percent of the axis.
    """

    metric: str
    role: str
    unit: str
    is_less_better: bool
    margin: str
    axis: Axis
    zero: float
    band: tuple[float, float] | None
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    better: int
    worse: int


def forests(effects: Sequence[Effect]) -> tuple[Forest, ...]:
    """Return a plot per metric, in the order of the effects: the objective first."""
    metrics = dict.fromkeys(effect.metric for effect in effects)
    return tuple(
        _forest([effect for effect in effects if effect.metric == metric]) for metric in metrics
    )


def _forest(effects: Sequence[Effect]) -> Forest:
    first = effects[0]
    kind: ScoreKind = "binary" if all(each.kind == "binary" for each in effects) else "numeric"
    scale = 100.0 if kind == "binary" else 1.0
    margin = first.margin or 0.0
    upper = margin if first.role == "objective" else 0.0
    known = [place for each in effects for place in (_span(each) or ())]
    axis = Axis.over([scale * place for place in (*known, -margin, upper, 0.0)])
    datasets = dict.fromkeys(effect.dataset for effect in effects)
    return Forest(
        metric=first.metric,
        role=first.role,
        unit="percentage points" if kind == "binary" else "the metric's unit",
        is_less_better=first.direction == "minimize",
        margin=amount(margin, kind) if margin else "",
        axis=axis,
        zero=axis.place(0.0),
        band=(axis.place(-margin * scale), axis.place(upper * scale)) if margin else None,
        groups=tuple(
            (
                dataset,
                tuple(_row(each, axis, scale, kind) for each in effects if each.dataset == dataset),
            )
            for dataset in datasets
        ),
        better=sum(effect.finding == "better" for effect in effects),
        worse=sum(effect.finding == "worse" for effect in effects),
    )


def _row(effect: Effect, axis: Axis, scale: float, kind: ScoreKind) -> Row:
    span = _span(effect)
    if span is None:
        return Row(effect=effect, mark=None, improvement="—", interval="")
    low, point, high = span
    return Row(
        effect=effect,
        mark=Mark(
            low=axis.place(scale * low),
            point=axis.place(scale * point),
            high=axis.place(scale * high),
        ),
        improvement=wording.change(point, kind),
        interval=f"{wording.change(low, kind)} to {wording.change(high, kind)}"
        if effect.interval
        else "",
    )


def _span(effect: Effect) -> tuple[float, float, float] | None:
    """Return the improvement between its bounds; without an interval these are the same."""
    if effect.difference is None or effect.improvement is None:
        return None
    low = effect.interval.low if effect.interval else effect.difference
    high = effect.interval.high if effect.interval else effect.difference
    if effect.direction == "minimize":
        low, high = -high, -low
    return low, effect.improvement, high
