"""The sign-flip permutation test: could the differences as well have the opposite signs?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from llmops.statistics.distributions import normal_tail
from llmops.statistics.sample import ROUNDING

if TYPE_CHECKING:
    from llmops.statistics.sample import Floats

MOST_EXACT = 20
"""Of so many differences all sign patterns are counted: a million, in about 10 milliseconds."""


def sign_flip(totals: Floats) -> tuple[float, bool]:
    """Return the two-sided p-value of a sum of differences, and whether it is exact.

    A total is one line's difference or the sum of a cluster's, which flip together. The p-value is
    the share of sign patterns with a sum at least as far from 0: Fisher, "The Design of
    Experiments" (1935), section 21. Beyond `MOST_EXACT` totals it is the saddlepoint approximation
    to that share, Robinson, JRSS B 44 (1982) 91-101: within a few percent of it, more where a few
    totals dwarf the others; the same on every machine; and as fine as a family of hundreds needs,
    where random patterns would stop at one over their number.
    """
    sizes = np.abs(totals[totals != 0])
    if len(sizes) == 0:
        return 1.0, True
    sizes = sizes / sizes.max()
    seen = abs(float(totals.sum())) / float(np.abs(totals).max())
    if len(sizes) <= MOST_EXACT:
        return _count(sizes, seen), True
    return max(_saddlepoint(sizes, seen), 2.0 ** (1 - len(sizes))), False


def _count(sizes: Floats, seen: float) -> float:
    sums = sizes[:1]
    for size in sizes[1:]:
        sums = np.concatenate((sums + size, sums - size))
    return float((np.abs(sums) >= seen - ROUNDING).mean())


def _saddlepoint(sizes: Floats, seen: float) -> float:
    """Return the tail by Lugannani and Rice with Daniels' second continuity correction.

    Daniels, "Tail probability approximations", Int. Statistical Review 55 (1987) 37-48.
    """
    half_step = _lattice_unit(sizes)
    target = seen - half_step
    if target <= ROUNDING:
        return 1.0
    if target >= sizes.sum() - ROUNDING:
        return 0.0
    t = _saddle(sizes, target)
    log_moment = float((np.logaddexp(t * sizes, -t * sizes) - math.log(2)).sum())
    curvature = float((sizes**2 / np.cosh(t * sizes) ** 2).sum())
    r = math.sqrt(max(2 * (t * target - log_moment), 0.0))
    u = math.sqrt(curvature) * (math.sinh(half_step * t) / half_step if half_step else t)
    if r < 1e-3:
        return 2 * normal_tail(r)
    density = math.exp(-r * r / 2) / math.sqrt(2 * math.pi)
    return min(2 * (normal_tail(r) + density * (1 / u - 1 / r)), 1.0)


def _saddle(sizes: Floats, target: float) -> float:
    """Return t with sum(sizes * tanh(t * sizes)) = target; Newton's steps rise towards it."""
    t = target / float(sizes @ sizes)
    for _ in range(200):
        slopes = np.tanh(t * sizes)
        step = (target - float(sizes @ slopes)) / float(sizes**2 @ (1 - slopes**2))
        t += step
        if step <= 1e-10 * t:
            break
    return t


def _lattice_unit(sizes: Floats) -> float:
    """Return the largest number that all sizes are multiples of; 0 when there is none."""
    rest = np.unique(sizes)
    unit = float(rest[0])
    while unit > 1e-4:
        rest = rest % unit
        rest = rest[(rest > 1e-6) & (rest < unit - 1e-6)]
        if len(rest) == 0:
            return unit
        unit = float(rest.min())
    return 0.0
