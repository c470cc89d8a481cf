"""Drift of numbers, categories and texts, held against scipy and against a known truth."""

from __future__ import annotations

from itertools import combinations

import drift_peers
import numpy as np
import pytest

from llmops.statistics import drift

RANDOM = np.random.default_rng(7)
WORDS = ("order", "late", "refund", "thanks", "where", "parcel", "broken", "again")


def texts(count: int, words: tuple[str, ...] = WORDS) -> list[str]:
    return [" ".join(RANDOM.choice(words, 12)) for _ in range(count)]


def test_kolmogorov_smirnov_is_near_the_exact_one() -> None:
    for shift in (0.0, 0.15, 0.3):
        first, second = RANDOM.normal(size=150), RANDOM.normal(shift, 1, size=220)
        exact = drift_peers.kolmogorov_smirnov(first, second)
        assert drift.kolmogorov_smirnov(first, second) == pytest.approx(exact, rel=0.1, abs=0.01)


def test_categories_are_tested_as_pearson_does() -> None:
    first, second = np.array([30.0, 40, 50]), np.array([40.0, 40, 20])
    expected = drift_peers.chi_square(np.stack((first, second)))
    assert drift.homogeneity(first, second) == pytest.approx(expected)


def test_rare_categories_are_taken_together() -> None:
    first = np.array([500.0, 400, 1, 1, 1, 1, 0, 2])
    second = np.array([500.0, 400, 0, 1, 2, 0, 1, 1])
    together = np.array([[500.0, 400, 6], [500, 400, 5]])
    assert drift.homogeneity(first, second) == pytest.approx(drift_peers.chi_square(together))
    assert drift.homogeneity(np.array([50.0, 0]), np.array([60.0, 1])) == 1.0


def test_the_stability_index_is_what_its_definition_says() -> None:
    p, q = np.array([0.1, 0.2, 0.7]), np.array([0.2, 0.2, 0.6])
    expected = sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True))
    assert drift.stability_index(1e6 * p, 1e6 * q) == pytest.approx(expected, rel=1e-4)
    assert drift.stability_index(1e3 * p, 1e3 * p) == 0
    assert drift.stability_index(np.array([10.0, 0]), np.array([0.0, 10])) > 1


def test_bins_are_the_deciles_and_hold_everything() -> None:
    values = RANDOM.normal(size=1000)
    first, second = drift.binned(values, np.array([-99.0, 0.0, 99.0]))
    assert first.tolist() == [100] * 10
    assert (second.sum(), second[0], second[-1]) == (3, 1, 1)
    repeated, _ = drift.binned(np.zeros(50), np.ones(10))
    assert repeated.sum() == 50


def test_other_words_are_another_profile_and_other_spacing_is_not() -> None:
    usual = texts(80)
    shift, p = drift.profile_shift(drift.profiles(usual), drift.profiles(texts(80)))
    assert shift < 0.05
    assert p > 0.01
    other = texts(80, ("bonjour", "merci", "commande", "retard"))
    shift, p = drift.profile_shift(drift.profiles(usual), drift.profiles(other))
    assert shift > 0.3
    assert p == 0.001
    shouted = [f"  {text.upper()} \n" for text in usual]
    assert drift.profiles(shouted) == pytest.approx(drift.profiles(usual))


def test_the_permutation_test_is_that_over_all_ways_to_deal() -> None:
    rows = RANDOM.random((8, 3))
    rows[:4] += 0.25

    def distance(first: tuple[int, ...]) -> float:
        second = [place for place in range(8) if place not in first]
        gap = rows[list(first)].mean(axis=0) - rows[second].mean(axis=0)
        return float(gap @ gap)

    ways = [distance(each) for each in combinations(range(8), 4)]
    exact = np.mean([way >= distance((0, 1, 2, 3)) - 1e-12 for way in ways])
    _, p = drift.profile_shift(rows[:4], rows[4:])
    assert p == pytest.approx(exact, abs=0.05)


def test_empty_and_odd_texts_have_profiles() -> None:
    rows = drift.profiles(["", "a", "\ud800 lone", "a" * 10_000])
    assert np.isfinite(rows).all()
    assert np.allclose((rows[1:] ** 2).sum(axis=1), 1)
