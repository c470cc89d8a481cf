"""Tango's score test and interval for the difference of paired proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.domain.comparison import Interval
from llmops.statistics.distributions import t_critical, t_tail

if TYPE_CHECKING:
    from llmops.statistics.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedShares:
    """Shares of pairs that were won and lost, and the number of pairs that they stand for.

    Tango, Statistics in Medicine 17 (1998) 891-908. The test is against any difference, so that
    its interval and its non-inferiority test agree, and pairs that all tie still say something.
    Clusters enter as an effective `size` and by t with `df` degrees of freedom for the normal.
    """

    won: float
    lost: float
    size: float
    df: float

    def tail(self, difference: float) -> float:
        """Return the one-sided p-value of the true difference being at most `difference`."""
        return t_tail(self._statistic(difference), self.df)

    def interval(self, confidence: float) -> Interval:
        """Return the differences that the two-sided test does not reject."""
        critical = t_critical(confidence, self.df)
        estimate = self.won - self.lost
        method = "Tango's score" if math.isinf(self.df) else "Tango's score, clustered"
        return Interval(
            low=self._crossing(-1.0, estimate, critical),
            high=self._crossing(1.0, estimate, -critical),
            method=method,
        )

    def _statistic(self, difference: float) -> float:
        """Return the score statistic; the variance is the most likely one at `difference`."""
        surplus = self.won - self.lost - difference
        linear = (2 - self.won + self.lost) * difference - self.won - self.lost
        constant = -self.lost * difference * (1 - difference)
        lost = (math.sqrt(max(linear**2 - 8 * constant, 0.0)) - linear) / 4
        variance = 2 * lost + difference * (1 - difference)
        if variance <= 0:
            return math.copysign(math.inf, surplus) if surplus else 0.0
        return surplus * math.sqrt(self.size / variance)

    def _crossing(self, outer: float, inner: float, critical: float) -> float:
        """Return where the statistic, falling in the difference, passes `critical`."""
        for _ in range(60):
            middle = (outer + inner) / 2
            if abs(self._statistic(middle)) > abs(critical):
                outer = middle
            else:
                inner = middle
        return outer


def paired_shares(differences: Sample) -> PairedShares:
    """Return the shares among differences that are all -1, 0 or 1."""
    return PairedShares(
        won=float((differences.values > 0).mean()),
        lost=float((differences.values < 0).mean()),
        size=differences.effective_size,
        df=differences.df if differences.is_clustered else math.inf,
    )
