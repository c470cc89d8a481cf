"""Means of two independent samples, compared as often as one likes.

Who looks every hour and stops at the first p-value below 0.05 finds something in most rollouts in
which nothing differs. What is here stays right at every look, however many there are and whatever
decides about the next one, and needs no plan of the looks.

Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and
asymptotic confidence sequences", Annals of Statistics 52 (2024) 2613-2640: Robbins' normal
mixture (Annals of Mathematical Statistics 41 (1970) 1397-1409) with an estimated variance. A
difference of two means, and of means over clusters, is asymptotically a mean of independent
influence values, one per unit; its variance is the sum of the two jackknife variances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import special

from llmops.domain.comparison import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmops.statistics.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An estimate, its standard error and the `units` that it rests on.

    `error_if` gives the standard error where the truth is a certain value. `planned` is the number
    of units at which the interval is to be tightest, fixed in advance: a look long before or after
    it costs some width, never the error rate.
    """

    estimate: float
    error: float
    error_if: Callable[[float], float]
    units: int
    planned: int

    def interval(self, confidence: float) -> Interval:
        """Return bounds that hold the truth at all looks together with this confidence."""
        mass = self._mass(1 - confidence)
        spread = (mass + 1) / mass * (math.log1p(mass) - 2 * math.log(1 - confidence))
        half = self.error * math.sqrt(spread)
        low, high = self.estimate - half, self.estimate + half
        return Interval(low=low, high=high, method="normal mixture, always valid")

    def p(self, alpha: float) -> float:
        """Return the p-value, at every look, of the truth being 0; `alpha` tunes as `planned`."""
        mass = self._mass(alpha)
        return min(1.0, math.sqrt(mass + 1) * math.exp(-self._evidence(0.0, mass)))

    def above(self, value: float, alpha: float) -> float:
        """Return the one-sided p-value, at every look, of the truth being at most `value`."""
        return self._one_sided(value, alpha) if self.estimate > value else 1.0

    def below(self, value: float, alpha: float) -> float:
        """Return the one-sided p-value, at every look, of the truth being at least `value`."""
        return self._one_sided(value, alpha) if self.estimate < value else 1.0

    def _one_sided(self, value: float, alpha: float) -> float:
        mass = self._mass(2 * alpha)
        evidence = min(self._evidence(value, mass), 700.0)  # what a float can tell from 0
        return min(1.0, math.sqrt(mass + 1) / (2 * math.expm1(evidence))) if evidence else 1.0

    def _evidence(self, value: float, mass: float) -> float:
        error, distance = self.error_if(value), self.estimate - value
        if not error:
            return math.inf if distance else 0.0
        return (distance / error) ** 2 * mass / (2 * (mass + 1))

    def _mass(self, alpha: float) -> float:
        """Return the mixture's variance in units of one value's: equation (10) of the source."""
        level = -2 * math.log(min(alpha, 0.999))
        return self.units * (level + math.log(level + 1)) / self.planned


def mean_seen(data: Sample, planned: int) -> Seen:
    """Return the mean of values; at least two units."""
    own = _error(data)
    return Seen(
        estimate=data.mean, error=own, error_if=lambda _: own, units=data.units, planned=planned
    )


def share_beyond(data: Sample, value: float, *, above: bool) -> float:
    """Return the one-sided p-value, at every look, of a share not lying beyond `value`.

    `value` is in (0, 1). One over it is the likelihood of what was seen, averaged over the shares
    beyond, against that at `value`: a supermartingale for every share not beyond, so it is exact at
    any size (Ville). Robbins, Annals of Mathematical Statistics 41 (1970); the average is Jeffreys'
    prior on that side. Clusters enter as an effective size.
    """
    n = data.effective_size
    ones, zeros = data.mean * n, (1 - data.mean) * n
    side = special.betaincc if above else special.betainc
    mass = float(side(ones + 0.5, zeros + 0.5, value))
    if not mass:
        return 1.0
    log_ratio = float(special.betaln(ones + 0.5, zeros + 0.5)) - float(special.betaln(0.5, 0.5))
    log_ratio += math.log(mass) - math.log(float(side(0.5, 0.5, value)))
    log_ratio -= ones * math.log(value) + zeros * math.log1p(-value)
    return math.exp(-max(log_ratio, 0.0))


def difference_seen(first: Sample, second: Sample, planned: int) -> Seen:
    """Return second minus first, from samples of which each has at least two units.

    The error of a difference of shares is that of both with the difference stated: Dunnett and
    Gent, Biometrics 33 (1977) 593-602. The few failures of a small deployment say too little of
    their own spread.
    """
    own = math.hypot(_error(first), _error(second))

    def error_if(value: float) -> float:
        if not (is_binary(first) and is_binary(second)):
            return own
        sizes = first.effective_size, second.effective_size
        total = first.mean * sizes[0] + (second.mean - value) * sizes[1]
        share = total / (sizes[0] + sizes[1])
        return math.hypot(_binomial(share, sizes[0]), _binomial(share + value, sizes[1]))

    return Seen(
        estimate=second.mean - first.mean,
        error=own,
        error_if=error_if,
        units=first.units + second.units,
        planned=planned,
    )


def is_binary(data: Sample) -> bool:
    """Return whether every value is 0 or 1."""
    return bool(((data.values == 0) | (data.values == 1)).all())


def _error(data: Sample) -> float:
    """Return the standard error; of shares never less than with one more of each kind.

    Shares near 0 or 1 often show no spread at first, and that is not certainty: Agresti and Caffo,
    The American Statistician 54 (2000) 280-288.
    """
    error = data.error if data.has_spread else 0.0
    if not is_binary(data):
        return error
    n = data.effective_size
    return max(error, _binomial((data.mean * n + 1) / (n + 2), n + 2))


def _binomial(share: float, n: float) -> float:
    """Return the standard error of a share, kept off 0 and 1 by what one value more could do."""
    kept = min(max(share, 1 / (n + 2)), 1 - 1 / (n + 2))
    return math.sqrt(kept * (1 - kept) / n)
