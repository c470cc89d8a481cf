"""Intervals for the mean of scores: shares of ones, and numbers of any size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llmops.domain.comparison import Interval
from llmops.statistics.distributions import t_critical
from llmops.statistics.sample import sample
from llmops.statistics.skewed_t import skewed_t

if TYPE_CHECKING:
    from llmops.statistics.sample import Clusters, Floats


def proportion_interval(
    values: Floats, clusters: Clusters | None, confidence: float
) -> Interval | None:
    """Return Wilson's interval for the share of ones; None without values or with one cluster.

    Wilson, JASA 22 (1927); Newcombe, Statistics in Medicine 17 (1998) 857-872, method 3. With
    clusters it is Wilson's on the effective sample size, with t for z: Dean and Pagano, J. Survey
    Statistics and Methodology 3 (2015); Franco et al., the same 7 (2019).
    """
    data = sample(values, clusters)
    if not data.has_units:
        return None
    df = data.df if data.is_clustered else math.inf
    weight = t_critical(confidence, df) ** 2 / data.effective_size
    share = data.mean
    centre = share + weight / 2
    half = math.sqrt(weight * (share * (1 - share) + weight / 4))
    method = "Wilson, clustered" if data.is_clustered else "Wilson"
    return Interval(
        low=max((centre - half) / (1 + weight), 0.0),
        high=min((centre + half) / (1 + weight), 1.0),
        method=method,
    )


def mean_interval(values: Floats, clusters: Clusters | None, confidence: float) -> Interval | None:
    """Return Hall's skewness-corrected t interval; None where the values have no spread."""
    data = sample(values, clusters)
    return skewed_t(data).interval(confidence) if data.has_spread else None
