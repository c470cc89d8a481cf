"""Is a mean below 0? Asked after every batch, answered without spending the error rate.

A bettor who starts with 1 and stakes the share `b` of the wealth on every value being negative
has `prod(1 - b * x)` in the end. If the mean is not below 0 that is a fair or losing game for any
`b` in [0, 1) and values in [-1, 1], and so is the average over a grid of bets, which needs no
guess of the right one. By Ville's inequality such a wealth ever reaches 1/alpha with a chance of
at most alpha: 1 over the greatest wealth so far is a p-value at every look, however many there are
and whatever decides about the next one.

Source: Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by betting,
Journal of the Royal Statistical Society B 86(1), 1-27; the grid is their diversified Kelly bet.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_BETS: Final = np.arange(1, 32) / 32


class BelowZero:
    """Tests that a mean is 0 or more, batch by batch; `p` holds at every look.

    Values lie in [-1, 1] and are independent, or at least have no mean below 0 given all earlier
    ones wherever the hypothesis is true. Within a batch their order does not matter.
    """

    __slots__ = ("_log_wealth", "p")

    def __init__(self) -> None:
        """Start without evidence: p is 1."""
        self._log_wealth = np.zeros(_BETS.size)
        self.p = 1.0

    def update(self, values: ArrayLike) -> None:
        """Take a batch into account; an empty one changes nothing."""
        self._log_wealth += np.log1p(-np.multiply.outer(_BETS, values)).sum(axis=1)
        log_mean = float(np.logaddexp.reduce(self._log_wealth)) - math.log(_BETS.size)
        self.p = min(self.p, math.exp(-max(log_mean, 0.0)))
