from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from llmops.deployment.traffic import TrafficSection
from llmops.domain.deployment import TrafficPlan

if TYPE_CHECKING:
    from llmops.domain.analysis import Direction


def minimize(_: str) -> Direction:
    return "minimize"


def refusal(**stated: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TrafficSection.model_validate(stated)
    return str(caught.value)


def test_the_section_s_defaults_are_the_plan_s() -> None:
    assert TrafficSection().plan(minimize) == TrafficPlan()


@pytest.mark.parametrize("steps", [[10, 10], [50, 10], [10, 50, 40]])
def test_steps_rise(steps: list[int]) -> None:
    assert "allowed: each above the one before" in refusal(steps=steps)


@pytest.mark.parametrize("steps", [[], [0], [101], [10, 200], ["some"]])
def test_steps_are_percentages(steps: list[object]) -> None:
    assert "steps" in refusal(steps=steps)


@pytest.mark.parametrize("limits", [{}, {"at_least": 0.5, "at_most": 0.9}, {"at_least": None}])
def test_a_condition_has_exactly_one_limit(limits: dict[str, object]) -> None:
    stated = refusal(must_hold=[{"metric": "error_rate", **limits}])
    assert "state exactly one of at_least, at_most and max_drop" in stated


@pytest.mark.parametrize("limits", [{}, {"above": 1, "drop": 0}])
def test_a_trigger_has_exactly_one_limit(limits: dict[str, object]) -> None:
    stated = refusal(rollback_when=[{"metric": "error_rate", **limits}])
    assert "state exactly one of above, below and drop" in stated


@pytest.mark.parametrize("key", ["must_hold", "rollback_when"])
def test_a_drop_below_none_would_ask_for_progress(key: str) -> None:
    limit = "max_drop" if key == "must_hold" else "drop"
    assert limit in refusal(**{key: [{"metric": "error_rate", limit: -0.1}]})


@pytest.mark.parametrize("sticky", ["", "header:X-User", "cookie:session_id"])
def test_requests_stick_by_header_or_cookie(sticky: str) -> None:
    assert TrafficSection(sticky=sticky).plan(minimize).sticky == sticky


@pytest.mark.parametrize("sticky", ["X-User", "header:", "ip:any", "header:X User", "Header:X"])
def test_requests_stick_by_nothing_else(sticky: str) -> None:
    assert "allowed: header:<name>, cookie:<name>, or empty" in refusal(sticky=sticky)


def test_a_stated_direction_wins_over_the_metric_s() -> None:
    section = TrafficSection.model_validate(
        {
            "must_hold": [{"metric": "a.b", "max_drop": 1, "direction": "maximize"}],
            "rollback_when": [{"metric": "a.b", "drop": 0}],
        }
    )
    plan = section.plan(minimize)
    assert plan.must_hold[0].direction == "maximize"
    assert plan.rollback_when[0].direction == "minimize"
