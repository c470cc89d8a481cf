"""Values that may belong together: what every interval and test here starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Clusters = NDArray[np.int64]
ROUNDING = 1e-9
"""Differences smaller than this share of the largest value are rounding, not findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Values without NaN; those of one cluster (a group of lines, a line's repeats) depend.

    `totals` and `sizes` are sums and counts by cluster. Without clusters every value is its own.
    """

    values: Floats
    totals: Floats
    sizes: Floats

    @property
    def n(self) -> int:
        """Return the number of values."""
        return len(self.values)

    @property
    def units(self) -> int:
        """Return the number of independent units: clusters, or values without clusters."""
        return len(self.totals)

    @property
    def is_clustered(self) -> bool:
        """Return whether any two values belong together."""
        return self.units < self.n

    @property
    def mean(self) -> float:
        """Return the mean of the values, which must not be empty."""
        return float(self.values.mean())

    @property
    def has_units(self) -> bool:
        """Return whether anything is known: not without values, nor from a single cluster."""
        return self.units > self.is_clustered

    @property
    def has_spread(self) -> bool:
        """Return whether the units differ by more than rounding."""
        return self.units > 1 and self.error > ROUNDING * float(np.abs(self.values).max())

    @property
    def error(self) -> float:
        """Return the standard error of the mean by leaving out one cluster at a time.

        It needs two units. Without clusters, and with clusters of equal size, this is s / sqrt(n)
        of the values or of the clusters' means; with unequal ones it errs on the wide side. Miller,
        "The jackknife: a review", Biometrika 61 (1974); Bell and McCaffrey, Survey Methodology 28
        (2002), as CR3.
        """
        shifts = (self.totals - self.mean * self.sizes) / (self.n - self.sizes)
        return math.sqrt((self.units - 1) / self.units * float(shifts @ shifts))

    @property
    def df(self) -> float:
        """Return the degrees of freedom of `error`: units - 1, fewer where sizes differ.

        Satterthwaite's, as Bell and McCaffrey take them, for clusters that wholly agree within.
        """
        squares = self.sizes**2
        return max(float(squares.sum() ** 2 / (squares @ squares)) - 1, 1.0)

    @property
    def effective_size(self) -> float:
        """Return how many independent values would tell as much about the mean, at most n.

        n over the design effect: Kish, "Survey Sampling" (1965), chapter 8. Where nothing
        varies the design effect is unknown, and a cluster counts once.
        """
        if not self.has_spread or not self.is_clustered:
            return self.units
        return min(self.n, float(self.values.var(ddof=1)) / self.error**2)


def sample(values: Floats, clusters: Clusters | None) -> Sample:
    """Return the values that are not NaN, with their clusters."""
    known = ~np.isnan(values)
    kept = values[known]
    if clusters is None:
        return Sample(values=kept, totals=kept, sizes=np.ones(len(kept)))
    _, places = np.unique(clusters[known], return_inverse=True)
    return Sample(
        values=kept,
        totals=np.bincount(places, weights=kept).astype(np.float64),
        sizes=np.bincount(places).astype(np.float64),
    )
