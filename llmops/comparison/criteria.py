"""What configurations are tested on: the metrics of the family, each with its role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.domain.report import resolve_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.analysis import Analysis, Direction
    from llmops.domain.comparison import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A metric of the family, by its full name; `margin` 0 or None asks for no further test."""

    metric: str
    role: Role
    direction: Direction = "maximize"
    margin: float | None = None

    @property
    def sign(self) -> int:
        """Return 1 where more is better, else -1."""
        return 1 if self.direction == "maximize" else -1


def criteria_of(
    analysis: Analysis, per_line: Sequence[str], aggregated: Sequence[str] = ()
) -> tuple[Criterion, ...]:
    """Return the family's metrics, the objective first; a metric counts once, in its first role.

    Where the experiment names no metric at all, every metric with a number per line is tested.
    """
    names = dict.fromkeys((*per_line, *aggregated))
    stated: list[Criterion] = []
    if analysis.objective:
        goal = analysis.objective
        metric = resolve_metric(goal.metric, names)
        stated.append(
            Criterion(metric=metric, role="objective", direction=goal.direction, margin=goal.margin)
        )
    stated += [
        Criterion(
            metric=resolve_metric(rail.metric, names),
            role="guardrail",
            direction=rail.direction,
            margin=rail.margin or None,
        )
        for rail in analysis.guardrails
    ]
    further = analysis.metrics if stated or analysis.metrics else per_line
    stated += [Criterion(metric=resolve_metric(metric, names), role="metric") for metric in further]
    first: dict[str, Criterion] = {}
    for criterion in stated:
        first.setdefault(criterion.metric, criterion)
    return tuple(first.values())


def margin_level(alpha: float, variants: int) -> float:
    """Return the p-value that a test against a margin needs: alpha over the variants.

    A variant has to pass on every dataset and every guardrail, so one that really breaks a margin
    passes with the chance of that single test at most (an intersection-union test), however many
    others there are. Summed over the variants, any of them passes with a chance of at most alpha.
    """
    return alpha / max(1, variants)
