from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from statistics_peers import tost_paired

from llmops.statistics.equivalence import non_inferiority, tost
from llmops.statistics.intervals import mean_interval

DIFFERENCES = st.lists(st.integers(-8, 8).map(float), min_size=2, max_size=30)


def test_tost_as_published_by_quertemont() -> None:
    # Quertemont, Psychologica Belgica 51 (2011) 109-127, appendix, page 124: bounds of half a
    # point, mean difference 1, t(4) = 0.71, p = 0.74.
    morning, evening = np.array([3.0, 4, 4, 5, 4]), np.array([1.0, 4, 1, 4, 5])
    p = tost(morning - evening, None, 0.5)
    assert p is not None
    assert round(p, 2) == 0.74
    assert p == pytest.approx(tost_paired(morning, evening, 0.5))


def test_tost_as_published_with_the_forest_inventory() -> None:
    # Robinson's R package `equivalence`, example of tost(): 377 predicted and measured heights,
    # mean difference 0.6003913 m, 90 % interval to 1.0091407, bounds of 1 m, p = 0.05389588.
    error = (1.0091407 - 0.6003913) / special.stdtrit(376, 0.95)
    spread = np.linspace(-1, 1, 377)
    spread *= error * np.sqrt(377) / spread.std(ddof=1)
    assert tost(0.6003913 + spread, None, 1.0) == pytest.approx(0.05389588, abs=1e-6)


def test_non_inferiority_as_published_by_tango() -> None:
    # Tango, Statistics in Medicine 17 (1998) 891-908: of 44 pairs one is lost and none won; with a
    # margin of 0.1, Z = 1.709 and p = 0.044.
    differences = np.repeat([-1.0, 0.0], [1, 43])
    p = non_inferiority(differences, None, 0.1)
    assert p is not None
    assert round(p, 3) == 0.044
    assert -special.ndtri(p) == pytest.approx(1.709, abs=0.0005)


def test_the_margin_that_the_interval_reaches_is_just_shown() -> None:
    values = np.random.default_rng(3).gamma(2, size=50) - 1.8
    margin = 0.5
    p = non_inferiority(values, None, margin)
    assert p is not None
    interval = mean_interval(values, None, 1 - 2 * p)
    assert interval is not None
    assert interval.low == pytest.approx(-margin)


def test_identical_answers_are_equivalent_once_there_are_enough_of_them() -> None:
    few, many = tost(np.zeros(20), None, 0.02), tost(np.zeros(500), None, 0.02)
    assert few is not None
    assert many is not None
    assert few > 0.25
    assert many < 0.001


def test_ties_in_one_group_count_once() -> None:
    clustered = tost(np.zeros(500), np.arange(500) // 25, 0.02)
    alone = tost(np.zeros(20), None, 0.02)
    assert clustered == alone is not None


def test_a_constant_difference_counts_its_lines_and_no_more() -> None:
    assert non_inferiority(np.full(6, 12.5), None, 5.0) == 0.5**6
    assert non_inferiority(np.full(6, -12.5), None, 5.0) == 1
    assert tost(np.full(6, 12.5), None, 5.0) == 1


def test_nothing_is_said_without_differences_or_with_one_cluster() -> None:
    for test in (non_inferiority, tost):
        assert test(np.array([np.nan]), None, 1.0) is None
        assert test(np.array([1.0, 2.0]), np.zeros(2, dtype=np.int64), 1.0) is None


def test_missing_differences_are_left_out() -> None:
    values = np.array([1.5, np.nan, -0.5, 2.0])
    assert non_inferiority(values, np.array([1, 1, 2, 3]), 1.0) == (
        non_inferiority(np.array([1.5, -0.5, 2.0]), None, 1.0)
    )


def test_dependent_lines_need_more_evidence() -> None:
    values = np.tile(np.array([-2.0, -1.5, 0.5, 1, 2.5, 3]), 10)
    apart, together = np.arange(60), np.tile(np.arange(6), 10)
    first, second = non_inferiority(values, apart, 1.0), non_inferiority(values, together, 1.0)
    assert first is not None
    assert second is not None
    assert first < 1e-4
    assert second > 0.01


@given(DIFFERENCES, st.floats(0.01, 0.45) | st.floats(1, 5))
def test_a_wider_margin_is_never_harder_to_show(values: list[float], margin: float) -> None:
    differences = np.array(values)
    narrow, wide = (non_inferiority(differences, None, size) for size in (margin, 2 * margin))
    assert narrow is not None
    assert wide is not None
    assert 0 <= wide <= narrow + 1e-9 <= 1 + 1e-9


@given(DIFFERENCES, st.floats(0.1, 5))
def test_equivalence_takes_no_side(values: list[float], margin: float) -> None:
    differences = np.array(values)
    assert tost(differences, None, margin) == tost(-differences, None, margin)
