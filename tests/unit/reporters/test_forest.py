from __future__ import annotations

from dataclasses import replace

import pytest
from fake_comparison import GUARDRAIL, OBJECTIVE, fake_comparison

from llmops.domain.comparison import Interval
from llmops.reporters.html.forest import Forest, forests

COMPARISON = fake_comparison(datasets=("reviews", "gadgets"))


def plot(metric: str) -> Forest:
    """Return the plot of one metric."""
    return next(each for each in forests(COMPARISON.effects) if each.metric == metric)


def test_every_effect_stands_in_one_row_of_its_metric_and_dataset() -> None:
    shown = [
        (row.effect.metric, name, row.effect)
        for each in forests(COMPARISON.effects)
        for name, rows in each.groups
        for row in rows
    ]
    assert {id(effect) for _, _, effect in shown} == {id(effect) for effect in COMPARISON.effects}
    assert all(effect.dataset == name for _, name, effect in shown)
    assert [each.metric for each in forests(COMPARISON.effects)] == [OBJECTIVE, GUARDRAIL]


@pytest.mark.parametrize("metric", [OBJECTIVE, GUARDRAIL])
def test_better_is_right_of_zero_whichever_way_the_metric_goes(metric: str) -> None:
    drawn = plot(metric)
    for _, rows in drawn.groups:
        for row in rows:
            assert row.mark
            assert 0 <= row.mark.low <= row.mark.point <= row.mark.high <= 100
            assert row.effect.improvement is not None
            assert (row.mark.point > drawn.zero) == (row.effect.improvement > 0)


def test_the_objectives_band_is_on_both_sides_and_a_guardrails_only_on_the_worse() -> None:
    objective, guardrail = plot(OBJECTIVE), plot(GUARDRAIL)
    assert objective.band
    assert guardrail.band
    assert objective.band[0] < objective.zero < objective.band[1]
    assert guardrail.band[0] < guardrail.zero == guardrail.band[1]


def test_what_could_not_be_compared_has_a_row_but_no_mark() -> None:
    effect = replace(COMPARISON.effects[0], difference=None, interval=None, reason="no pairs")
    (drawn,) = forests([effect])
    ((_, (row,)),) = drawn.groups
    assert (row.mark, row.interval) == (None, "")
    assert 0 <= drawn.zero <= 100


def test_a_minimised_interval_is_turned_with_its_difference() -> None:
    effect = replace(
        COMPARISON.effects[0],
        direction="minimize",
        kind="numeric",
        difference=2.0,
        interval=Interval(low=1.0, high=4.0, method="t"),
    )
    ((_, (row,)),) = forests([effect])[0].groups
    assert row.improvement.endswith("2.000")
    assert row.interval.index("4.000") < row.interval.index("1.000")
