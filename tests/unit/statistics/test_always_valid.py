"""Comparisons that may be looked at as often as one likes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llmops.statistics.always_valid import difference_seen, mean_seen, share_beyond
from llmops.statistics.sample import Clusters, Sample, sample

ALPHA = 0.05


def of(values: list[float], clusters: Clusters | None = None) -> Sample:
    return sample(np.array(values, dtype=np.float64), clusters)


def flags(ones: int, zeros: int) -> Sample:
    return of([1.0] * ones + [0.0] * zeros)


def drawn(mean: float, n: int, seed: int = 0) -> Sample:
    return sample(np.random.default_rng(seed).normal(mean, 1, n), None)


def test_the_interval_is_the_published_one() -> None:
    # Waudby-Smith et al. (2024), theorem 2.2, with rho from their equation (10).
    data, planned = drawn(1.0, 400), 500
    rho2 = (-2 * math.log(ALPHA) + math.log(-2 * math.log(ALPHA) + 1)) / planned
    t, spread = 400, float(data.values.std(ddof=1))
    scale = 2 * (t * rho2 + 1) / (t**2 * rho2) * math.log(math.sqrt(t * rho2 + 1) / ALPHA)
    found = mean_seen(data, planned).interval(1 - ALPHA)
    assert found.high - data.mean == pytest.approx(spread * math.sqrt(scale))
    assert data.mean - found.low == pytest.approx(spread * math.sqrt(scale))


def test_test_and_interval_agree() -> None:
    first, second = drawn(0.0, 300), drawn(0.3, 200, seed=1)
    seen = difference_seen(first, second, 500)
    edge = seen.interval(1 - ALPHA).low
    shifted = sample(second.values - edge, None)
    assert difference_seen(first, shifted, 500).p(ALPHA) == pytest.approx(ALPHA, rel=1e-6)


def test_a_one_sided_test_only_finds_its_own_side() -> None:
    seen = difference_seen(drawn(0.0, 500), drawn(1.0, 500, seed=1), 1000)
    assert seen.above(0.5, ALPHA) < 1e-6
    assert seen.below(0.5, ALPHA) == 1.0
    assert seen.above(1.5, ALPHA) == 1.0
    assert seen.below(1.5, ALPHA) < 1e-6


def test_it_is_wider_than_a_single_look_and_not_by_much_where_it_was_planned() -> None:
    data = drawn(0.0, 1000)
    width = mean_seen(data, 1000).interval(1 - ALPHA).high - data.mean
    assert 1.3 < width / (1.96 * data.error) < 1.6


def test_shares_without_any_failure_are_not_certain() -> None:
    seen = difference_seen(flags(300, 0), flags(40, 0), 400)
    assert seen.p(ALPHA) == 1.0
    found = seen.interval(1 - ALPHA)
    assert found.low < -0.02 < 0.02 < found.high


def test_numbers_without_any_spread_show_what_they_show() -> None:
    same = difference_seen(of([2.0] * 50), of([2.0] * 50), 100)
    other = difference_seen(of([2.0] * 50), of([3.0] * 50), 100)
    assert (same.p(ALPHA), same.above(0.0, ALPHA)) == (1.0, 1.0)
    assert (other.p(ALPHA), other.below(0.5, ALPHA)) == (0.0, 1.0)
    assert other.above(0.5, ALPHA) < 1e-6


def test_requests_of_one_user_count_less() -> None:
    random = np.random.default_rng(3)
    users = np.repeat(random.normal(0, 1, 60), 10)
    clusters = np.repeat(np.arange(60), 10)
    base = drawn(0.0, 600)
    alone = difference_seen(base, sample(users, None), 1200)
    together = difference_seen(base, sample(users, clusters), 1200)
    assert together.units == 660
    assert together.error > 2 * alone.error


@pytest.mark.parametrize(("ones", "n", "value"), [(0, 200, 0.02), (12, 200, 0.1), (30, 90, 0.5)])
def test_a_share_is_tested_as_the_integral_says(ones: int, n: int, value: float) -> None:
    # Substituting p = sin(x)^2 turns Jeffreys' prior into an even one.
    for above in (True, False):
        low, high = (
            (math.asin(math.sqrt(value)), math.pi / 2)
            if above
            else (0.0, math.asin(math.sqrt(value)))
        )
        x = (np.arange(200_000) + 0.5) / 200_000 * (high - low) + low
        p = np.sin(x) ** 2
        ratios = (p / value) ** ones * ((1 - p) / (1 - value)) ** (n - ones)
        expected = min(1.0, 1 / float(ratios.mean()))
        found = share_beyond(flags(ones, n - ones), value, above=above)
        assert found == pytest.approx(expected, rel=1e-4)


def test_a_share_s_level_is_kept_at_every_look() -> None:
    random = np.random.default_rng(4)
    looks = np.unique(np.geomspace(10, 1000, 20).astype(int))
    for truth in (0.01, 0.2):
        hits = 0
        for _ in range(300):
            values = (random.random(1000) < truth).astype(np.float64)
            hits += any(
                share_beyond(sample(values[:n], None), truth, above=above) <= ALPHA / 2
                for n in looks
                for above in (True, False)
            )
        assert hits / 300 <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / 300)
