"""Did requests come to the deployments in the stated shares? Asked as often as one likes.

If not, something between the split and the log loses or repeats requests of one deployment, and
every comparison compares different kinds of requests: Fabijan et al., "Diagnosing sample ratio
mismatch in online controlled experiments", KDD (2019). The chi-square test that is usual keeps
its level at one look; at every hour's look for a week it is passed many times over.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Sequence

_PRIORS: Final = np.array([1e1, 1e2, 1e3, 1e4, 1e5])
"""How many requests the alternative's shares are worth: from any shares to nearly the stated."""


def sample_ratio(observed: Sequence[int], shares: Sequence[float]) -> float:
    """Return a p-value of the counts given the shares, which holds at every look.

    Shares are above 0 and need not add up to 1. One over the p-value is the likelihood ratio of
    Dirichlet-multinomials around the stated shares against the multinomial: a martingale where
    they are right, so that it ever reaches 1/alpha with a chance of at most alpha (Ville). Lindon
    and Malek, "Anytime-valid inference for multinomial count data", NeurIPS (2022).

    >>> sample_ratio([900, 100], [90, 10]), sample_ratio([700, 300], [90, 10]) < 1e-9
    (1.0, True)
    """
    counts = np.array(observed, dtype=np.float64)
    stated = np.array(shares, dtype=np.float64) / math.fsum(shares)
    priors = np.multiply.outer(_PRIORS, stated)
    gains = special.gammaln(priors + counts) - special.gammaln(priors)
    losses = special.gammaln(_PRIORS + counts.sum()) - special.gammaln(_PRIORS)
    log_ratios = gains.sum(axis=1) - losses - counts @ np.log(stated)
    log_ratio = float(np.logaddexp.reduce(log_ratios)) - math.log(_PRIORS.size)
    return math.exp(-max(log_ratio, 0.0))
