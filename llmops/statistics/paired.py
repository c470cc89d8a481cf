"""A configuration against the baseline, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmops.statistics.distributions import fair_coin_cdf
from llmops.statistics.sample import ROUNDING, sample
from llmops.statistics.score_test import paired_shares
from llmops.statistics.sign_flip import sign_flip
from llmops.statistics.skewed_t import skewed_t

if TYPE_CHECKING:
    from llmops.domain.comparison import Interval
    from llmops.statistics.sample import Clusters, Floats, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """What the pairs show: wins + losses + ties = pairs, a win being a higher value than baseline.

    `difference` is the mean of other minus baseline. `p` is two-sided; `test` says how it came
    about. All three are None where there are no pairs; `interval` also with a single cluster, and
    where numeric differences do not vary.
    """

    pairs: int
    wins: int
    losses: int
    ties: int
    difference: float | None
    interval: Interval | None
    test: str
    p: float | None


def test_binary(
    baseline: Floats, other: Floats, clusters: Clusters | None, confidence: float
) -> Paired:
    """Compare scores of 0 and 1: the exact McNemar test, with Tango's interval.

    McNemar, Psychometrika 12 (1947): the two-sided binomial test of the pairs that differ. With
    clusters it is the sign-flip test on their sums, which for single lines is the same test.
    """
    differences = _differences(baseline, other, clusters)
    interval = None
    if differences.has_units:
        interval = paired_shares(differences).interval(confidence)
    if differences.is_clustered:
        p, test = _sign_flip(differences)
        return _paired(differences, interval, test, p)
    return _paired(differences, interval, "McNemar, exact", _mcnemar(differences))


def test_numeric(
    baseline: Floats, other: Floats, clusters: Clusters | None, confidence: float
) -> Paired:
    """Compare scores of any size: the sign-flip permutation test of the mean difference.

    Its interval is Hall's skewness-corrected t.
    """
    differences = _differences(baseline, other, clusters)
    interval = skewed_t(differences).interval(confidence) if differences.has_spread else None
    p, test = _sign_flip(differences)
    return _paired(differences, interval, test, p)


def _differences(baseline: Floats, other: Floats, clusters: Clusters | None) -> Sample:
    """Return other minus baseline where both are known, with 0 for rounding."""
    differences = other - baseline
    rounding = ROUNDING * np.maximum(np.abs(baseline), np.abs(other))
    return sample(np.where(np.abs(differences) <= rounding, 0.0, differences), clusters)


def _mcnemar(differences: Sample) -> float | None:
    if differences.n == 0:
        return None
    wins, losses = (int((sign * differences.values > 0).sum()) for sign in (1, -1))
    return min(2 * fair_coin_cdf(min(wins, losses), wins + losses), 1.0)


def _sign_flip(differences: Sample) -> tuple[float | None, str]:
    if differences.n == 0:
        return None, "sign-flip permutation"
    p, is_exact = sign_flip(differences.totals)
    clustered = ", clustered" if differences.is_clustered else ""
    return p, f"sign-flip permutation{clustered}, {'exact' if is_exact else 'saddlepoint'}"


def _paired(differences: Sample, interval: Interval | None, test: str, p: float | None) -> Paired:
    wins, losses = (int((sign * differences.values > 0).sum()) for sign in (1, -1))
    return Paired(
        pairs=differences.n,
        wins=wins,
        losses=losses,
        ties=differences.n - wins - losses,
        difference=differences.mean if differences.n else None,
        interval=interval,
        test=test,
        p=p,
    )
