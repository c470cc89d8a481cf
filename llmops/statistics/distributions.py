"""The few values of standard distributions that the rest needs, typed."""

from __future__ import annotations

import math
from typing import cast

from scipy import special


def normal_tail(z: float) -> float:
    """Return the chance that a standard normal variable exceeds `z`."""
    return float(cast("float", special.ndtr(-z)))


def t_tail(t: float, df: float) -> float:
    """Return the chance that Student's t exceeds `t`; `df` may be infinite."""
    return normal_tail(t) if math.isinf(df) else float(cast("float", special.stdtr(df, -t)))


def t_critical(confidence: float, df: float) -> float:
    """Return what |t| exceeds with chance 1 - `confidence`; `df` may be infinite."""
    upper = (1 + confidence) / 2
    found = special.ndtri(upper) if math.isinf(df) else special.stdtrit(df, upper)
    return float(cast("float", found))


def fair_coin_cdf(heads: int, tosses: int) -> float:
    """Return the chance of at most so many heads."""
    return float(cast("float", special.bdtr(heads, tosses, 0.5)))
