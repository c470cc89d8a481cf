"""What the intervals and tests promise, held against worlds in which the truth is known.

Where the outcomes can be listed the coverage is summed over all of them, without sampling error.
Elsewhere 4,000 samples are drawn: the standard error of a share near 95 or 5 % is 0.34 points, so
that the bounds of 93 to 97 % leave five standard errors, and a level of 5 % may show up to 6 %.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import special

from llmops.statistics import equivalence, intervals, multiplicity, paired

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from llmops.domain.comparison import Interval
    from llmops.statistics.sample import Clusters, Floats

    Draw = Callable[[np.random.Generator, int], Floats]

SAMPLES = 4000
LEVEL = 0.05
HIGHEST = LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / SAMPLES)
SIZES = np.array([1, 2, 3, 5, 9] * 10)
"""Lines of each of 50 groups."""
GROUPS = np.repeat(np.arange(len(SIZES)), SIZES)


def covers(found: Interval | None, truth: float) -> bool:
    assert found is not None
    return found.low <= truth <= found.high


def rejects(p: float | None) -> bool:
    return p is not None and p <= LEVEL


def flags(condition: NDArray[np.bool]) -> Floats:
    return condition.astype(np.float64)


def grouped(random: np.random.Generator) -> tuple[Floats, Floats]:
    """Return two normal scores per line, half of whose variance is their group's."""
    shared = random.normal(size=(2, len(SIZES)))[:, GROUPS]
    first, second = ((shared + random.normal(size=shared.shape)) / math.sqrt(2)).astype(np.float64)
    return first, second


def binomial(n: int, share: float) -> Floats:
    """Return the chances of 0 to n successes."""
    return np.diff(special.bdtr(np.arange(n + 1), n, share), prepend=0.0)


@pytest.mark.parametrize("n", [50, 100, 200])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_wilson_covers(n: int, share: float) -> None:
    places = np.arange(n)
    inside = [
        covers(intervals.proportion_interval(flags(places < count), None, 0.95), share)
        for count in range(n + 1)
    ]
    assert 0.93 <= float(binomial(n, share) @ np.array(inside)) <= 0.971


@pytest.mark.parametrize("n", [50, 100])
@pytest.mark.parametrize(("won", "lost"), [(0.1, 0.1), (0.2, 0.1), (0.25, 0.05), (0.3, 0.3)])
def test_the_paired_difference_of_shares_covers(n: int, won: float, lost: float) -> None:
    def coverage(differing: int) -> float:
        inside = [
            covers(of_counts(wins, differing - wins, n), won - lost)
            for wins in range(differing + 1)
        ]
        return float(binomial(differing, won / (won + lost)) @ np.array(inside))

    chances = binomial(n, won + lost)
    likely = np.flatnonzero(chances > 1e-6)
    total = sum(float(chances[differing]) * coverage(int(differing)) for differing in likely)
    assert 0.93 <= total <= 0.97


def of_counts(wins: int, losses: int, n: int) -> Interval | None:
    places = np.arange(n)
    lost, won = flags(places < losses), flags(places >= n - wins)
    return paired.test_binary(lost, won, None, 0.95).interval


SKEWED: dict[str, tuple[Draw, float]] = {
    "normal": (lambda random, n: random.normal(size=n), 0.0),
    "exponential": (lambda random, n: random.exponential(size=n), 1.0),
    "lognormal": (lambda random, n: random.lognormal(0, 0.5, size=n), math.exp(0.125)),
    "one to five": (lambda random, n: random.choice([1.0, 2, 3, 4, 5], n, p=PILED), 4.25),
    "overlap": (lambda random, n: random.beta(0.5, 0.5, size=n), 0.5),
}
PILED = [0.05, 0.05, 0.1, 0.2, 0.6]


@pytest.mark.parametrize("n", [50, 100, 200])
@pytest.mark.parametrize("kind", SKEWED)
def test_a_skewed_mean_covers(kind: str, n: int) -> None:
    draw, truth = SKEWED[kind]
    random = np.random.default_rng(n)
    inside = [
        covers(intervals.mean_interval(draw(random, n), None, 0.95), truth) for _ in range(SAMPLES)
    ]
    assert 0.93 <= np.mean(inside) <= 0.97


def test_clustered_intervals_cover_where_naive_ones_do_not() -> None:
    random = np.random.default_rng(11)
    inside: list[tuple[bool, bool, bool, bool]] = []
    for _ in range(SAMPLES):
        first, second = grouped(random)
        right, also_right = flags(first > 0.5), flags(second > 0.5)
        truth = float(special.ndtr(-0.5))
        skewed = np.exp(first / 2)
        difference = paired.test_binary(right, also_right, GROUPS, 0.95).interval
        inside.append(
            (
                covers(intervals.proportion_interval(right, GROUPS, 0.95), truth),
                covers(intervals.mean_interval(skewed, GROUPS, 0.95), math.exp(0.125)),
                covers(difference, 0.0),
                covers(intervals.proportion_interval(right, None, 0.95), truth),
            )
        )
    *clustered, naive = np.mean(inside, axis=0)
    assert all(0.93 <= share <= 0.97 for share in clustered)
    assert naive < 0.85


@pytest.mark.parametrize("n", [12, 60])
@pytest.mark.parametrize("kind", ["one to five", "exponential", "overlap"])
def test_a_paired_test_of_equal_configurations_keeps_its_level(kind: str, n: int) -> None:
    draw, _ = SKEWED[kind]
    random = np.random.default_rng(n)
    found: list[bool] = []
    for _ in range(SAMPLES):
        hard = random.normal(size=n)  # what both have in common
        first, second = draw(random, n) + hard, draw(random, n) + hard
        found.append(rejects(paired.test_numeric(first, second, None, 0.95).p))
    assert np.mean(found) <= HIGHEST


def test_mcnemar_keeps_its_level_and_finds_what_is_there() -> None:
    random = np.random.default_rng(6)
    found: list[tuple[bool, bool]] = []
    for _ in range(SAMPLES):
        hard = random.random(100)
        first, second, better = (
            flags(0.6 * random.random(100) + ease > hard) for ease in (0.3, 0.3, 0.5)
        )
        found.append(
            (
                rejects(paired.test_binary(first, second, None, 0.95).p),
                rejects(paired.test_binary(first, better, None, 0.95).p),
            )
        )
    wrongly, rightly = np.mean(found, axis=0)
    assert wrongly <= HIGHEST
    assert rightly > 0.8


def test_cluster_aware_tests_keep_the_level_where_naive_ones_do_not() -> None:
    random = np.random.default_rng(8)
    found: list[tuple[bool, bool, bool]] = []
    for _ in range(SAMPLES):
        first, second = grouped(random)
        right, also_right = flags(first > 0), flags(second > 0)
        found.append(
            (
                rejects(paired.test_numeric(first, second, GROUPS, 0.95).p),
                rejects(paired.test_binary(right, also_right, GROUPS, 0.95).p),
                rejects(paired.test_binary(right, also_right, None, 0.95).p),
            )
        )
    numeric, binary, naive = np.mean(found, axis=0)
    assert numeric <= HIGHEST
    assert binary <= HIGHEST
    assert naive > 0.1


AT_THE_MARGIN: dict[str, tuple[Draw, Clusters | None]] = {
    "binary": (lambda random, n: random.choice([-1.0, 0, 1], n, p=[0.15, 0.8, 0.05]), None),
    "skewed": (lambda random, n: 0.9 - random.exponential(size=n), None),
    "clustered": (lambda random, _: grouped(random)[0] - 0.1, GROUPS),
}


@pytest.mark.parametrize("kind", AT_THE_MARGIN)
def test_a_loss_of_the_whole_margin_is_rarely_called_harmless(kind: str) -> None:
    draw, clusters = AT_THE_MARGIN[kind]
    random = np.random.default_rng(9)
    found: list[tuple[bool, bool]] = []
    for _ in range(SAMPLES):
        differences = draw(random, 150)
        found.append(
            (
                rejects(equivalence.non_inferiority(differences, clusters, 0.1)),
                rejects(equivalence.tost(differences, clusters, 0.1)),
            )
        )
    harmless, equal = np.mean(found, axis=0)
    assert 0.03 < harmless <= HIGHEST
    assert equal <= harmless


def test_holm_keeps_the_family_and_finds_more_than_bonferroni() -> None:
    random = np.random.default_rng(10)
    shift = np.repeat([3.5, 0.0], [6, 12])  # six real effects among eighteen that share a baseline
    found: list[tuple[bool, int, int]] = []
    for _ in range(SAMPLES):
        z = shift + math.sqrt(0.5) * (random.normal(size=18) - random.normal())
        p_values = 2 * special.ndtr(-np.abs(z))
        rejected = np.array(multiplicity.holm(p_values.tolist())) <= LEVEL
        by_bonferroni = p_values[:6] * 18 <= LEVEL
        found.append((bool(rejected[6:].any()), int(rejected[:6].sum()), int(by_bonferroni.sum())))
    falsely, by_holm, by_bonferroni = np.mean(found, axis=0)
    assert falsely <= HIGHEST
    assert by_holm > by_bonferroni
