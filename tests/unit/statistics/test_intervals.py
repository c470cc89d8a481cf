from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statistics_peers import wilson

from llmops.statistics import intervals

if TYPE_CHECKING:
    from llmops.statistics.sample import Floats

SCORES = st.lists(
    st.floats(-100, 100, allow_subnormal=False).map(lambda value: round(value, 3)), min_size=2
)


def ones(count: int, of: int) -> Floats:
    return np.repeat([1.0, 0.0], [count, of - count])


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published_by_newcombe(count: int, n: int, low: float, high: float) -> None:
    found = intervals.proportion_interval(ones(count, n), None, 0.95)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4), found.method) == (low, high, "Wilson")
    assert (found.low, found.high) == pytest.approx(wilson(count, n), abs=1e-12)


def test_without_skewness_the_mean_has_students_interval() -> None:
    values = np.array([1.0, 2, 3, 4, 5])
    found = intervals.mean_interval(values, None, 0.95)
    assert found is not None
    half = 2.776445 * np.sqrt(2.5 / 5)  # the 97.5 % point of t with 4 degrees of freedom
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half), abs=1e-6)


def test_the_interval_reaches_further_to_the_side_of_the_long_tail() -> None:
    found = intervals.mean_interval(np.array([0.0] * 18 + [5, 9]), None, 0.95)
    assert found is not None
    assert found.high - 0.7 > 0.7 - found.low > 0


def test_repeating_every_line_in_its_own_cluster_adds_no_certainty() -> None:
    lines = np.array([0.0, 1, 1, 1, 0, 1, 1, 0, 1, 1])
    once = intervals.mean_interval(lines, None, 0.95)
    thrice = intervals.mean_interval(np.repeat(lines, 3), np.repeat(np.arange(10), 3), 0.95)
    assert once is not None
    assert thrice is not None
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))
    assert thrice.method.endswith(", clustered")


def test_a_clustered_share_is_as_wide_as_if_a_cluster_that_agrees_counted_once() -> None:
    clusters = np.repeat(np.arange(40), 5)
    agreeing = np.repeat(ones(10, 40), 5)
    mixed = np.random.default_rng(4).permutation(agreeing)
    wide = intervals.proportion_interval(agreeing, clusters, 0.95)
    narrow = intervals.proportion_interval(mixed, clusters, 0.95)
    lines = intervals.proportion_interval(ones(10, 40), None, 0.95)
    assert wide is not None
    assert narrow is not None
    assert lines is not None
    assert wide.high - wide.low == pytest.approx(lines.high - lines.low, rel=0.05)
    assert narrow.high - narrow.low < 0.6 * (wide.high - wide.low)


def test_clusters_of_one_line_change_nothing() -> None:
    values = ones(7, 30)
    assert intervals.proportion_interval(values, np.arange(30), 0.9) == (
        intervals.proportion_interval(values, None, 0.9)
    )


def test_missing_values_are_left_out() -> None:
    values = np.array([1.0, np.nan, 0.0, 1.0])
    clusters = np.array([4, 4, 5, 6])
    for interval in (intervals.proportion_interval, intervals.mean_interval):
        assert interval(values, clusters, 0.95) == interval(np.array([1.0, 0, 1]), None, 0.95)


def test_all_ones_leave_room_below_and_the_more_the_fewer_they_are() -> None:
    few = intervals.proportion_interval(ones(5, 5), None, 0.95)
    many = intervals.proportion_interval(ones(500, 500), None, 0.95)
    clustered = intervals.proportion_interval(ones(500, 500), np.arange(500) // 100, 0.95)
    assert few is not None
    assert many is not None
    assert clustered is not None
    assert clustered.low < few.low < many.low < 1
    assert few.high == pytest.approx(1)


def test_nothing_is_said_where_nothing_is_known() -> None:
    nothing, same = np.array([np.nan, np.nan]), np.array([3.0, 3, 3])
    one_cluster = np.zeros(3, dtype=np.int64)
    assert intervals.proportion_interval(nothing, None, 0.95) is None
    assert intervals.mean_interval(nothing, None, 0.95) is None
    assert intervals.mean_interval(np.array([3.0]), None, 0.95) is None
    assert intervals.mean_interval(same, None, 0.95) is None
    assert intervals.proportion_interval(ones(1, 3), one_cluster, 0.95) is None
    assert intervals.mean_interval(ones(1, 3), one_cluster, 0.95) is None


@given(SCORES, st.integers(1, 5), st.sampled_from([0.8, 0.95, 0.999]))
def test_an_interval_contains_the_mean_and_ignores_the_order(
    scores: list[float], size: int, confidence: float
) -> None:
    values, clusters = np.array(scores), np.arange(len(scores)) // size
    found = intervals.mean_interval(values, clusters, confidence)
    turned = intervals.mean_interval(values[::-1], clusters[::-1], confidence)
    if found is None:
        assert turned is None
        return
    assert turned is not None
    assert found.low <= values.mean() <= found.high
    assert (turned.low, turned.high) == pytest.approx((found.low, found.high), rel=1e-6, abs=1e-6)


@given(st.lists(st.booleans(), min_size=1), st.integers(1, 5))
def test_a_share_and_its_complement_have_mirrored_intervals(flags: list[bool], size: int) -> None:
    values, clusters = np.array(flags, dtype=np.float64), np.arange(len(flags)) // size
    found = intervals.proportion_interval(values, clusters, 0.95)
    mirrored = intervals.proportion_interval(1 - values, clusters, 0.95)
    if found is None or mirrored is None:
        assert found is mirrored
        return
    assert 0 <= found.low <= values.mean() + 1e-12
    assert values.mean() - 1e-12 <= found.high <= 1
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high))
