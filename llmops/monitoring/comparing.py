"""The candidate beside the incumbent, metric by metric; the whole family corrected at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llmops.comparison.criteria import criteria_of
from llmops.deployment.metrics import MEASURED
from llmops.domain.monitoring import Difference
from llmops.domain.report import resolve_metric
from llmops.errors import ConfigError, Fault
from llmops.monitoring.conditions import TooFewError, compared, enough, of_both
from llmops.nearest import nearest
from llmops.statistics.always_valid import is_binary
from llmops.statistics.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from llmops.domain.analysis import Analysis, Direction
    from llmops.domain.comparison import Finding
    from llmops.domain.deployment import TrafficPlan
    from llmops.domain.monitoring import StatedSplit
    from llmops.monitoring.samples import Samples


def resolved(plan: TrafficPlan, metrics: Sequence[str], label: str) -> TrafficPlan:
    """Return the plan with every metric by its full name.

    Raises:
        ConfigError: with every metric that production does not give.
    """
    faults: list[Fault] = []

    def full(metric: str, where: str) -> str:
        name = resolve_metric(metric, metrics)
        if name not in metrics:
            allowed = f"allowed: {', '.join(metrics)}"
            seen = f"nothing gives {metric!r} for a single request"
            hint = nearest(metric, metrics)
            fault = Fault(where=f"{label}: {where}", seen=seen, allowed=allowed, next_step=hint)
            faults.append(fault)
        return name

    changed = replace(
        plan,
        must_hold=tuple(
            replace(each, metric=full(each.metric, "traffic.must_hold")) for each in plan.must_hold
        ),
        rollback_when=tuple(
            replace(each, metric=full(each.metric, "traffic.rollback_when"))
            for each in plan.rollback_when
        ),
    )
    if faults:
        raise ConfigError(faults)
    return changed


def directions_of(
    analysis: Analysis, plan: TrafficPlan, metrics: Collection[str]
) -> dict[str, Direction]:
    """Return the family: what requests take, what the plan names and what the experiment tests."""
    directions: dict[str, Direction] = dict.fromkeys(MEASURED, "minimize")
    for criterion in criteria_of(analysis, [each for each in metrics if each not in MEASURED]):
        if criterion.metric in metrics:
            directions[criterion.metric] = criterion.direction
    directions |= {each.metric: each.direction for each in (*plan.must_hold, *plan.rollback_when)}
    return directions


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """How differences are tested: the family's `alpha`, `planned` as in `Bench`."""

    samples: Samples
    split: StatedSplit
    planned: int
    alpha: float

    def differences(self, directions: Mapping[str, Direction]) -> tuple[Difference, ...]:
        """Return every metric of the family that has values, adjusted by Holm.

        The p-values hold at every look, and so do their adjusted values: Holm's method only uses
        that each is one.
        """
        if not self.split.incumbent:
            return ()
        single = [
            self._one(metric, direction)
            for metric, direction in directions.items()
            if self.samples.has(metric)
        ]
        corrected = holm([1.0 if each.p is None else each.p for each in single]) if single else []
        return tuple(
            replace(each, p_adjusted=p, finding=_finding(each, p, self.alpha))
            if each.p is not None
            else each
            for each, p in zip(single, corrected, strict=True)
        )

    def _one(self, metric: str, direction: Direction) -> Difference:
        split = self.split
        blank = Difference(
            metric=metric,
            direction=direction,
            kind="numeric",
            incumbent=self.samples.value(metric, split.incumbent),
            candidate=self.samples.value(metric, split.candidate),
        )
        try:
            candidate = enough(self.samples, metric, split.candidate)
            incumbent = enough(self.samples, metric, split.incumbent)
        except TooFewError as reason:
            return replace(blank, reason=str(reason))
        seen, _ = compared(metric, candidate, incumbent, of_both(split, self.planned))
        is_share = is_binary(candidate.sample()) and is_binary(incumbent.sample())
        is_mean = metric != "p95_seconds"
        return replace(
            blank,
            kind="binary" if is_share else "numeric",
            difference=(blank.candidate or 0.0) - (blank.incumbent or 0.0),
            interval=seen.interval(1 - self.alpha) if is_mean else None,
            p=seen.p(self.alpha),
        )


def _finding(difference: Difference, p: float, alpha: float) -> Finding:
    if p > alpha or not difference.difference:
        return "not shown"
    rises = difference.difference > 0
    return "better" if rises == (difference.direction == "maximize") else "worse"
