from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statistics_peers import holm as holm_of_statsmodels

from llmops.statistics.multiplicity import holm

THROMBOLYSIS = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
    *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
]
"""Benjamini and Hochberg, JRSS B 57 (1995) 289-300, section 3.2: fifteen endpoints of a trial."""


def test_the_published_trial_keeps_three_findings_under_family_wise_control() -> None:
    # The paper: at 0.05, Bonferroni's and the step-wise family-wise procedures reject the three
    # hypotheses with the smallest p-values, and no fourth.
    adjusted = holm(THROMBOLYSIS)
    assert [p <= 0.05 for p in adjusted] == [True] * 3 + [False] * 12
    assert adjusted == pytest.approx(holm_of_statsmodels(THROMBOLYSIS))
    assert adjusted[:4] == pytest.approx([15 * 0.0001, 14 * 0.0004, 13 * 0.0019, 12 * 0.0095])


def test_the_order_given_is_kept() -> None:
    assert holm(THROMBOLYSIS[::-1]) == holm(THROMBOLYSIS)[::-1]


def test_an_empty_family_has_no_findings() -> None:
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1))
def test_adjusting_keeps_the_order_and_never_makes_a_p_value_smaller(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(0 <= p <= after <= 1 for p, after in zip(p_values, adjusted, strict=True))
    ranked = sorted(zip(p_values, adjusted, strict=True))
    assert [after for _, after in ranked] == sorted(adjusted)


@given(st.lists(st.floats(0, 1), min_size=1))
def test_the_rejections_are_those_of_stepping_down(p_values: list[float]) -> None:
    rejected = 0
    for step, p in enumerate(sorted(p_values)):
        if p * (len(p_values) - step) > 0.05:
            break
        rejected += 1
    assert sum(p <= 0.05 for p in holm(p_values)) == rejected
