"""A traffic plan in words: what a reviewer reads of it."""

from __future__ import annotations

from llmops.domain.deployment import Condition, TrafficPlan, Trigger
from llmops.reporters.traffic_plan import stated_plans

PLAN = TrafficPlan(
    must_hold=(Condition(metric="error_rate", at_most=0.02, direction="minimize"),),
    rollback_when=(
        Trigger(metric="error_rate", above=0.05, direction="minimize"),
        Trigger(metric="format.words", drop=2, direction="minimize"),
    ),
)


def words(plan: TrafficPlan) -> list[str]:
    """Return the clauses with spaces that are not to be broken as others."""
    (stated,) = stated_plans({"": plan}, "USD")
    return [clause.replace("\N{NO-BREAK SPACE}", " ") for clause in stated.clauses]


def test_steps_conditions_and_triggers_are_told_in_their_order() -> None:
    steps, held, fired = words(PLAN)
    assert steps == "10 % → 50 % → 100 %, at least 60 minutes and 200 requests at each"
    assert held == "before each next step: error rate at most 2 %"
    words_drop = "format.words more than 2 higher than the other deployment's"
    assert fired == f"back when: error rate above 5 % or {words_drop}"


def test_a_plan_that_asks_for_nothing_says_so() -> None:
    assert words(TrafficPlan(bake_minutes=0, bake_requests=0)) == [
        "10 % → 50 % → 100 %",
        "before each next step: nothing",
        "back when: nothing",
    ]


def test_one_step_has_no_stay_and_no_next_step() -> None:
    plan = TrafficPlan(steps=(100,), must_hold=PLAN.must_hold)
    assert words(plan) == ["100 % in one step", "back when: nothing"]


def test_mirror_and_sticky_are_told() -> None:
    clauses = words(TrafficPlan(mirror=10, sticky="cookie:session"))
    assert clauses[0] == "first a copy of 10 % of the requests, its answers dropped"
    assert clauses[-1] == "requests with the same cookie session stay with one deployment"


def test_worse_is_said_as_higher_or_lower() -> None:
    plan = TrafficPlan(
        must_hold=(
            Condition(metric="error_rate", max_drop=0.01, direction="minimize"),
            Condition(metric="quality.correct", max_drop=0.05),
            Condition(metric="quality.correct", at_least=0.7),
        ),
        rollback_when=(
            Trigger(metric="p95_seconds", above=2.5, direction="minimize"),
            Trigger(metric="cost_per_line", drop=0.001, direction="minimize"),
            Trigger(metric="quality.correct", drop=0),
        ),
    )
    _, held, fired = words(plan)
    assert held.removeprefix("before each next step: ").split(" and ") == [
        "error rate at most 1 point higher than the other deployment's",
        "quality.correct at most 0.05 lower than the other deployment's",
        "quality.correct at least 0.7",
    ]
    assert fired.removeprefix("back when: ").split(" or ") == [
        "95th percentile of latency above 2.50 s",
        "cost of a request more than 0.0010 USD higher than the other deployment's",
        "quality.correct lower than the other deployment's",
    ]


def test_environments_with_the_same_plan_are_told_together() -> None:
    other = TrafficPlan(steps=(1, 100))
    plans = {"": PLAN, "dev": PLAN, "east": other, "west": other}
    assert [each.environments for each in stated_plans(plans, "USD")] == [
        "east and west",
        "any other environment",
    ]
    assert [each.environments for each in stated_plans({"": PLAN, "dev": PLAN}, "USD")] == [""]
    assert [each.environments for each in stated_plans({"dev": PLAN}, "USD")] == ["dev"]
    assert stated_plans({}, "USD") == ()
