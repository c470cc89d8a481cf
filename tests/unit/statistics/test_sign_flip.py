from __future__ import annotations

import itertools

import numpy as np
import pytest
from statistics_peers import binomial_test

from llmops.statistics.sign_flip import MOST_EXACT, sign_flip


def test_few_totals_are_counted_over_all_sign_patterns() -> None:
    totals = np.array([3.0, -1, 2.5, 0, 4, -0.5])
    seen = abs(totals.sum())
    sums = [abs(np.dot(signs, totals)) for signs in itertools.product((-1, 1), repeat=6)]
    assert sign_flip(totals) == (np.mean(np.array(sums) >= seen - 1e-12), True)


@pytest.mark.parametrize("unit", [1.0, 1 / 3, 1e-6])
@pytest.mark.parametrize(("wins", "losses"), [(14, 11), (30, 15), (60, 40), (75, 25), (200, 40)])
def test_many_totals_of_one_size_give_the_binomial_test(
    unit: float, wins: int, losses: int
) -> None:
    p, exact = sign_flip(np.repeat([unit, -unit], [wins, losses]))
    assert not exact
    assert p == pytest.approx(binomial_test(wins, wins + losses), rel=0.01)


def test_many_totals_agree_with_random_sign_patterns() -> None:
    random = np.random.default_rng(5)
    totals = random.exponential(size=40) - 0.7
    sums = random.choice([-1.0, 1.0], size=(40_000, 40)) @ totals
    share = float((np.abs(sums) >= abs(totals.sum())).mean())
    error = np.sqrt(share * (1 - share) / 40_000)
    assert sign_flip(totals)[0] == pytest.approx(share, abs=4 * error + 0.03 * share)


def test_counting_and_approximating_meet_where_one_takes_over() -> None:
    random = np.random.default_rng(2)
    totals = random.normal(0.5, 1, size=MOST_EXACT)
    counted, exact = sign_flip(totals)
    approximated, still_exact = sign_flip(np.append(totals, 1e-3))
    assert (exact, still_exact) == (True, False)
    assert approximated == pytest.approx(counted, rel=0.1)


def test_a_large_effect_stays_significant_in_a_family_of_hundreds() -> None:
    p, _ = sign_flip(np.random.default_rng(1).normal(1.0, 1.0, size=200))
    assert p * 600 < 1e-6


def test_no_p_value_is_below_that_of_the_most_extreme_pattern() -> None:
    assert sign_flip(np.full(30, 2.0))[0] == 2.0**-29
    assert sign_flip(np.linspace(1, 2, 30))[0] == 2.0**-29


def test_balanced_totals_show_nothing() -> None:
    assert sign_flip(np.tile([1.0, -1.0], 30)) == (1.0, False)
    assert sign_flip(np.zeros(5)) == (1.0, True)
