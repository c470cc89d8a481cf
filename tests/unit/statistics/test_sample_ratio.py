"""The sample-ratio test: what it finds, and what it never calls broken more often than it may."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drift_peers import log_dirichlet_multinomial, log_multinomial

from llmops.statistics.sample_ratio import sample_ratio

LEVEL = 0.001


def test_it_is_the_likelihood_ratio_that_scipy_computes() -> None:
    counts, shares = [850, 130, 20], [0.8, 0.15, 0.05]
    ratios = [
        math.exp(
            log_dirichlet_multinomial(counts, [weight * share for share in shares])
            - log_multinomial(counts, shares)
        )
        for weight in (1e1, 1e2, 1e3, 1e4, 1e5)
    ]
    assert sample_ratio(counts, shares) == pytest.approx(min(1, 1 / np.mean(ratios)))


def test_a_published_mismatch_is_found() -> None:
    # Kohavi, Tang and Xu, "Trustworthy Online Controlled Experiments" (2020), chapter 3: an even
    # split with a ratio of 0.993, chi-square p = 1.8e-6.
    assert sample_ratio([821_588, 815_482], [50, 50]) < LEVEL


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([1_000, 0], [90, 10]),
        ([150, 50], [90, 10]),
        ([88_000, 12_000], [90, 10]),
        ([0, 90], [1, 1]),
    ],
)
def test_a_broken_split_is_found(counts: list[int], shares: list[float]) -> None:
    assert sample_ratio(counts, shares) < LEVEL


@pytest.mark.parametrize(
    ("counts", "shares"),
    [([0, 0], [90, 10]), ([9, 1], [90, 10]), ([90_100, 9_900], [90, 10]), ([10, 9, 11], [1, 1, 1])],
)
def test_what_chance_does_is_not_called_broken(counts: list[int], shares: list[float]) -> None:
    assert sample_ratio(counts, shares) > LEVEL


def test_a_look_after_every_hundred_requests_keeps_the_level_where_chi_square_does_not() -> None:
    random = np.random.default_rng(5)
    looks = np.arange(100, 17_000, 100)
    ours = chi_square = 0
    for _ in range(400):
        counts = np.cumsum((random.random(17_000) < 0.1).astype(np.int64))[looks - 1]
        z = (counts - 0.1 * looks) / np.sqrt(0.09 * looks)
        chi_square += bool((np.abs(z) > 3.2905).any())
        ours += any(
            sample_ratio([int(n - count), int(count)], [90, 10]) <= LEVEL
            for n, count in zip(looks[::4], counts[::4], strict=True)
        )
    assert ours <= 2
    assert chi_square > 2
