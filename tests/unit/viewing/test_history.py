from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fake_comparison import OBJECTIVE, estimate

from llmops.viewing.catalogue import Entry
from llmops.viewing.history import Point, chart

if TYPE_CHECKING:
    from llmops.domain.comparison import Estimate


def point(chosen: Estimate | None, baseline: Estimate | None = None) -> Point:
    entry = Entry(Path("reports/reviews/r1"))
    return Point(entry=entry, label="long", chosen=chosen, baseline=baseline)


def value(number: float) -> Estimate:
    return estimate("a", "reviews", OBJECTIVE, number)


def test_higher_values_stand_higher_and_inside_their_intervals() -> None:
    drawn = chart([point(value(0.7), value(0.6)), point(None), point(value(0.8))])
    assert drawn
    first, last = drawn.chosen
    assert first.y > last.y
    assert first.x < 50 < last.x
    for mark in (*drawn.chosen, *drawn.baseline):
        assert mark.low is not None
        assert mark.high is not None
        assert 0 <= mark.high < mark.y < mark.low <= 100
    assert drawn.baseline[0].x == first.x


def test_runs_without_a_value_have_no_chart() -> None:
    assert chart([]) is None
    assert chart([point(None)]) is None
