from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statistics_peers import binomial_test, exact_mcnemar

from llmops.statistics import paired

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from llmops.statistics.paired import Paired
    from llmops.statistics.sample import Clusters, Floats

    Test = Callable[[Floats, Floats, Clusters | None, float], Paired]

PAIRS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60)
SCORES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=40)


def table(both: int, lost: int, won: int, neither: int) -> tuple[Floats, Floats]:
    """Return the pairs of a 2 x 2 table: baseline in rows, other in columns."""
    baseline = np.repeat([1.0, 1, 0, 0], [both, lost, won, neither])
    return baseline, np.repeat([1.0, 0, 1, 0], [both, lost, won, neither])


def columns(pairs: list[tuple[int, int]]) -> tuple[Floats, Floats]:
    first, second = zip(*pairs, strict=True)
    return np.array(first, float), np.array(second, float)


def test_mcnemar_as_published_by_fagerland() -> None:
    # Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91 (2013), table 1: 21
    # children before and after a transplantation; the exact conditional test gives 0.0703.
    found = paired.test_binary(*table(1, 1, 7, 12), None, 0.95)
    assert found.p is not None
    assert (round(found.p, 4), found.test) == (0.0703, "McNemar, exact")
    assert found.p == pytest.approx(exact_mcnemar([[1, 1], [7, 12]]))


def test_approval_ratings_of_1600_britons() -> None:
    # Agresti, Categorical Data Analysis, 2nd ed. (2002), table 10.1 and section 10.1.1: the
    # approval fell by 0.04, 95 % interval (-0.06, -0.02), p < 0.001.
    found = paired.test_binary(*table(794, 150, 86, 570), None, 0.95)
    assert (found.pairs, found.wins, found.losses, found.ties) == (1600, 86, 150, 1364)
    assert found.difference == pytest.approx(-0.04)
    assert found.interval is not None
    assert (round(found.interval.low, 2), round(found.interval.high, 2)) == (-0.06, -0.02)
    assert found.p is not None
    assert found.p == pytest.approx(binomial_test(86, 236))
    assert found.p < 0.001


@pytest.mark.parametrize(
    ("counts", "confidence", "low", "high"),
    [
        # Tango, Statistics in Medicine 17 (1998) 891-908: two ways to clean contact lenses.
        ((43, 1, 0, 0), 0.90, -0.096, 0.037),
        # Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014) 2850-2875: asthma before
        # and after a transplantation, asymptotic score.
        ((1, 7, 1, 12), 0.95, -0.517, -0.026),
    ],
)
def test_tangos_interval_as_published(
    counts: tuple[int, int, int, int], confidence: float, low: float, high: float
) -> None:
    found = paired.test_binary(*table(*counts), None, confidence)
    assert found.interval is not None
    assert (round(found.interval.low, 3), round(found.interval.high, 3)) == (low, high)


def test_darwins_maize_as_published_by_fisher() -> None:
    # Fisher, The Design of Experiments (1935), sections 17 and 21: 1,726 of 32,768 sign patterns
    # have a sum at least as far from 0 as that seen; heights in eighths of an inch.
    differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = paired.test_numeric(np.zeros(15), np.array(differences, float), None, 0.95)
    assert found.p == 1726 / 32768
    assert found.test == "sign-flip permutation, exact"
    assert found.interval is not None
    assert (found.wins, found.losses, found.difference) == (13, 2, pytest.approx(314 / 15))


def test_lines_that_stand_for_their_groups_are_no_evidence_of_their_own() -> None:
    baseline, other = table(0, 1, 7, 0)
    clusters = np.arange(8)
    alone = paired.test_binary(baseline, other, clusters, 0.95)
    copies = paired.test_binary(
        np.repeat(baseline, 10), np.repeat(other, 10), np.repeat(clusters, 10), 0.95
    )
    assert alone.test == "McNemar, exact"
    assert copies.test == "sign-flip permutation, clustered, exact"
    assert copies.p == pytest.approx(alone.p)
    assert copies.pairs == 80
    assert alone.interval is not None
    assert copies.interval is not None
    assert copies.interval.high - copies.interval.low > alone.interval.high - alone.interval.low


@pytest.mark.parametrize("test", [paired.test_binary, paired.test_numeric])
def test_degenerate_input_says_no_more_than_it_knows(test: Test) -> None:
    nothing = np.array([np.nan])
    empty = test(nothing, np.ones(1), None, 0.95)
    assert (empty.pairs, empty.difference, empty.interval, empty.p) == (0, None, None, None)
    tied = test(np.ones(30), np.ones(30), None, 0.95)
    assert (tied.ties, tied.difference, tied.p) == (30, 0, 1)
    single = test(np.zeros(1), np.ones(1), None, 0.95)
    assert (single.wins, single.difference, single.p) == (1, 1, 1)
    one_cluster = test(np.zeros(3), np.ones(3), np.zeros(3, dtype=np.int64), 0.95)
    assert (one_cluster.interval, one_cluster.p) == (None, 1)


def test_all_tied_binary_pairs_still_bound_the_difference() -> None:
    interval = paired.test_binary(np.ones(30), np.ones(30), None, 0.95).interval
    assert interval is not None
    assert interval.low == pytest.approx(-interval.high)
    assert 0.05 < interval.high < 0.2


def test_a_pair_with_a_missing_side_is_dropped() -> None:
    baseline, other = np.array([1.0, np.nan, 0, 1]), np.array([0.0, 1, np.nan, 1])
    found = paired.test_numeric(baseline, other, np.array([1, 1, 2, 3]), 0.95)
    assert (found.pairs, found.wins, found.losses, found.ties) == (2, 0, 1, 1)


def test_rounding_is_a_tie() -> None:
    found = paired.test_numeric(np.array([0.3]), np.array([0.1 + 0.2]), None, 0.95)
    assert (found.ties, found.difference) == (1, 0)


@given(PAIRS, st.integers(1, 4))
def test_binary_swapped_sides_turn_the_sign_only(pairs: list[tuple[int, int]], size: int) -> None:
    check_antisymmetry(paired.test_binary, pairs, size)


@given(SCORES, st.integers(1, 4))
def test_numeric_swapped_sides_turn_the_sign_only(pairs: list[tuple[int, int]], size: int) -> None:
    check_antisymmetry(paired.test_numeric, pairs, size)


def check_antisymmetry(test: Test, pairs: list[tuple[int, int]], size: int) -> None:
    first, second = columns(pairs)
    clusters = np.arange(len(pairs)) // size
    there, back = test(first, second, clusters, 0.95), test(second, first, clusters, 0.95)
    assert (there.wins, there.losses) == (back.losses, back.wins)
    assert there.difference is not None
    assert back.difference is not None
    assert there.p is not None
    assert there.difference == pytest.approx(-back.difference)
    assert there.p == pytest.approx(back.p)
    assert 0 < there.p <= 1
    if there.interval is None:
        assert back.interval is None
        return
    assert back.interval is not None
    assert there.interval.low == pytest.approx(-back.interval.high, abs=1e-9)
    assert there.interval.low - 1e-12 <= there.difference <= there.interval.high + 1e-12


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(pairs: list[tuple[int, int]], random: Random) -> None:
    shuffled = columns(random.sample(pairs, len(pairs)))
    assert paired.test_binary(*shuffled, None, 0.95) == (
        paired.test_binary(*columns(pairs), None, 0.95)
    )
