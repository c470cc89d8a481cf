"""The proposal follows from the plan, the split and what is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llmops.domain.deployment import TrafficPlan
from llmops.domain.monitoring import Held, SampleRatio, StatedSplit
from llmops.monitoring.proposing import Standing, propose, stopped

RATIO = SampleRatio(status="kept", counted="requests", observed={}, expected={}, p=0.5, level=0.001)
STANDING = Standing(
    plan=TrafficPlan(),
    split=StatedSplit(
        since=0.0,
        releases={"old": "reviews/1", "new": "reviews/2"},
        percent={"old": 90, "new": 10},
        candidate="new",
        incumbent="old",
    ),
    ratio=RATIO,
    requests=500,
    minutes=90,
    place="reviews --env dev",
)
SHOWN = Held(wanted="m above 1", shown=True, p=0.01, sentence='shown: "m" above $1')
OPEN = Held(wanted="m above 1", shown=False, p=0.2, sentence="not shown: m above 1")


def at(percent: int) -> Standing:
    split = replace(STANDING.split, percent={"old": 100 - percent, "new": percent})
    return replace(STANDING, split=split)


@pytest.mark.parametrize(
    ("percent", "action", "step"),
    [(0, "next step", 10), (10, "next step", 50), (50, "next step", 100), (100, "done", None)],
)
def test_what_holds_takes_the_next_step(percent: int, action: str, step: int | None) -> None:
    found = propose(at(percent), [SHOWN], [OPEN])
    assert (found.action, found.percent) == (action, step)
    assert found.command == ("llmops promote reviews --env dev" if step else "")


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (replace(STANDING, minutes=12), "it has had this share for 12 of 60 minutes"),
        (replace(STANDING, requests=1), "it has answered 1 request of 200"),
        (
            replace(STANDING, ratio=replace(RATIO, status="not checked", reason="no user")),
            "no user",
        ),
    ],
)
def test_what_is_missing_keeps_it_where_it_is(standing: Standing, reason: str) -> None:
    found = propose(standing, [SHOWN], [])
    assert found.action == "stay"
    assert reason in found.reasons[0]


def test_all_that_is_missing_is_named_together() -> None:
    found = propose(replace(STANDING, minutes=1, requests=0), [OPEN, SHOWN], [])
    assert len(found.reasons) == 3
    assert found.reasons[-1] == OPEN.sentence


def test_a_trigger_rolls_back_whatever_else_holds() -> None:
    found = propose(replace(STANDING, minutes=0, requests=31), [SHOWN], [OPEN, SHOWN])
    assert found.action == "rollback"
    assert found.command == 'llmops rollback reviews --env dev --reason "shown: m above 1"'


def test_a_broken_split_proposes_no_traffic() -> None:
    found = stopped(replace(STANDING, ratio=replace(RATIO, status="broken", reason="30 for 10")))
    assert (found.action, found.percent, found.reasons[0]) == ("stopped", None, "30 for 10")
