"""How a traffic plan reads: what a reviewer agrees to beside the greatest share."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops.comparison.wording import amount, counted, listed
from llmops.reporters.wording import money, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmops.domain.deployment import Condition, TrafficPlan, Trigger

_NAMES: Final = {
    "error_rate": "error rate",
    "p95_seconds": "95th percentile of latency",
    "cost_per_line": "cost of a request",
}
_NOTHING: Final = "nothing"
_ELSEWHERE: Final = "any other environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPlan:
    """The clauses of a plan; `environments` is empty where it is the only one there is."""

    environments: str
    clauses: tuple[str, ...]


def stated_plans(plans: Mapping[str, TrafficPlan], currency: str) -> tuple[StatedPlan, ...]:
    """Return plans by environment in words; environments with the same plan together."""
    usual = plans.get("")
    groups: dict[TrafficPlan, list[str]] = defaultdict(list)
    for environment, plan in plans.items():
        if environment and plan != usual:
            groups[plan].append(environment)
    stated = [
        StatedPlan(environments=listed(names), clauses=clauses_of(plan, currency))
        for plan, names in groups.items()
    ]
    if usual:
        environments = _ELSEWHERE if stated else ""
        stated.append(StatedPlan(environments=environments, clauses=clauses_of(usual, currency)))
    return tuple(stated)


def clauses_of(plan: TrafficPlan, currency: str) -> tuple[str, ...]:
    """Return the plan in words: steps, what holds, what rolls back, then what is unusual."""
    return tuple(_clauses(plan, currency))


def _clauses(plan: TrafficPlan, currency: str) -> Iterator[str]:
    if plan.mirror:
        yield f"first a copy of {_percent(plan.mirror)} of the requests, its answers dropped"
    steps = " → ".join(map(_percent, plan.steps))
    yield f"{steps}{_stay(plan)}" if len(plan.steps) > 1 else f"{steps} in one step"
    if len(plan.steps) > 1:
        held = " and ".join(_condition(each, currency) for each in plan.must_hold)
        yield f"before each next step: {held or _NOTHING}"
    fired = " or ".join(_trigger(each, currency) for each in plan.rollback_when)
    yield f"back when: {fired or _NOTHING}"
    if plan.sticky:
        place, _, name = plan.sticky.partition(":")
        yield f"requests with the same {place} {name} stay with one deployment"


def _stay(plan: TrafficPlan) -> str:
    least = [counted(plan.bake_requests, "request")] if plan.bake_requests else []
    if plan.bake_minutes:
        least.insert(0, f"{plan.bake_minutes:,g} minute{'s' if plan.bake_minutes != 1 else ''}")
    return f", at least {listed(least)} at each" if least else ""


def _condition(condition: Condition, currency: str) -> str:
    metric, name = condition.metric, _NAMES.get(condition.metric, condition.metric)
    if condition.at_least is not None:
        return f"{name} at least {_value(metric, condition.at_least, currency)}"
    if condition.at_most is not None:
        return f"{name} at most {_value(metric, condition.at_most, currency)}"
    than = _change(metric, condition.max_drop or 0, currency)
    return f"{name} at most {than} {_worse(condition)} than the other deployment's"


def _trigger(trigger: Trigger, currency: str) -> str:
    metric, name = trigger.metric, _NAMES.get(trigger.metric, trigger.metric)
    if trigger.above is not None:
        return f"{name} above {_value(metric, trigger.above, currency)}"
    if trigger.below is not None:
        return f"{name} below {_value(metric, trigger.below, currency)}"
    than = f"more than {_change(metric, trigger.drop, currency)} " if trigger.drop else ""
    return f"{name} {than}{_worse(trigger)} than the other deployment's"


def _worse(rule: Condition | Trigger) -> str:
    return "higher" if rule.direction == "minimize" else "lower"


def _value(metric: str, value: float, currency: str) -> str:
    match metric:
        case "error_rate":
            return _percent(100 * value)
        case "p95_seconds":
            return seconds(value)
        case "cost_per_line":
            return f"{money(value)} {currency}"
        case _:
            return f"{value:g}"


def _change(metric: str, value: float, currency: str) -> str:
    return amount(value, "binary") if metric == "error_rate" else _value(metric, value, currency)


def _percent(value: float) -> str:
    return f"{value:.4g}\N{NO-BREAK SPACE}%"
