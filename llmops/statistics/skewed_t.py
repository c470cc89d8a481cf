"""Student's t for a mean, corrected for the skewness that scores have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmops.domain.comparison import Interval
from llmops.statistics.distributions import t_critical, t_tail

if TYPE_CHECKING:
    from llmops.statistics.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewedT:
    """A mean, its standard error, and the skewness of what it is the mean of over sqrt(units).

    The cubic transformation of the t statistic in Hall, "On the removal of skewness by
    transformation", JRSS B 54 (1992) 221-228; without skewness it is Student's t. It gives what
    the BCa bootstrap is for without drawing: in simulation its intervals cover nearer to what they
    promise than BCa's and plain t's at every size (docs/explanation/statistics.md).
    """

    mean: float
    error: float
    skewness: float
    df: float
    is_clustered: bool

    def tail(self, value: float) -> float:
        """Return the one-sided p-value of the true mean being at most `value`."""
        t = (self.mean - value) / self.error
        k = self.skewness
        return t_tail(t + k * t**2 / 3 + k**2 * t**3 / 27 + k / 6, self.df)

    def interval(self, confidence: float) -> Interval:
        """Return the means that the two-sided test does not reject."""
        critical = t_critical(confidence, self.df)
        return Interval(
            low=self.mean - self.error * self._t(critical),
            high=self.mean - self.error * self._t(-critical),
            method="skewness-corrected t, clustered"
            if self.is_clustered
            else "skewness-corrected t",
        )

    def _t(self, transformed: float) -> float:
        """Return the t statistic that becomes `transformed`."""
        k = self.skewness
        if abs(k) < 1e-6:
            return transformed
        return 3 / k * (math.cbrt(1 + k * (transformed - k / 6)) - 1)


def skewed_t(data: Sample) -> SkewedT:
    """Return the values' mean with what its interval and tests need; at least two units."""
    residuals = data.totals - data.mean * data.sizes
    spread = math.sqrt(float(np.mean(residuals**2)))
    scaled = residuals / spread if spread else residuals
    return SkewedT(
        mean=data.mean,
        error=data.error,
        skewness=float(np.mean(scaled**3)) / math.sqrt(data.units),
        df=data.df,
        is_clustered=data.is_clustered,
    )
