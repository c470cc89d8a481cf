"""Many tests at once: what a p-value is worth among the others of its family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the adjusted p-values in the order given; at or below alpha means rejected.

    Controls the chance of any false finding in the family, whatever depends on what. Holm,
    "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6 (1979).

    >>> [round(p, 2) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    given = np.array(p_values, dtype=np.float64)
    order = np.argsort(given)
    still_open = np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * still_open), 1.0)
    return [float(p) for p in adjusted]
