"""Is a difference small enough not to matter? Tests against a declared margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmops.statistics.sample import sample
from llmops.statistics.score_test import paired_shares
from llmops.statistics.skewed_t import skewed_t

if TYPE_CHECKING:
    from llmops.statistics.sample import Clusters, Floats


def non_inferiority(differences: Floats, clusters: Clusters | None, margin: float) -> float | None:
    """Return the one-sided p-value of the mean difference being above -`margin`.

    Differences are improvements: above 0 is better. A small p-value shows that nothing worse than
    the margin was lost. Differences of -1, 0 and 1, as between scores of 0 and 1, take Tango's
    score test, others Hall's skewness-corrected t. Where all are 0 it is the chance of that if a
    share of `margin` (at most half) of the lines lost a point each; where all have another value,
    of the sign test. Units, not lines, count. None without differences or with one cluster.
    """
    data = sample(differences, clusters)
    if not data.has_units:
        return None
    if not data.values.any():
        return (1 - min(margin, 0.5)) ** data.units
    if margin < 1 and np.isin(data.values, (-1.0, 0.0, 1.0)).all():
        return paired_shares(data).tail(-margin)
    if data.has_spread:
        return skewed_t(data).tail(-margin)
    return 0.5**data.units if data.mean > -margin else 1.0


def tost(differences: Floats, clusters: Clusters | None, margin: float) -> float | None:
    """Return the p-value of the mean difference lying between -`margin` and `margin`.

    Two one-sided tests, of which the larger p-value counts: Schuirmann, J. Pharmacokinetics and
    Biopharmaceutics 15 (1987) 657-680. None where `non_inferiority` is.
    """
    above = non_inferiority(differences, clusters, margin)
    below = non_inferiority(-differences, clusters, margin)
    return None if above is None or below is None else max(above, below)
