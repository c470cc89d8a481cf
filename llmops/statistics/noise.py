"""Where the spread of a score comes from: other lines, or the same line asked again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from llmops.statistics.sample import Floats


def split(scores: Floats) -> tuple[float, float] | None:
    """Return the standard deviations between lines and within a line, in the score's unit.

    `scores` has a row per line and a column per repeat; NaN is missing. One-way random effects by
    analysis of variance, unequal numbers of repeats included: Searle, Casella and McCulloch,
    "Variance Components" (1992), chapter 3. A negative estimate between lines counts as 0. None
    with fewer than two lines, or where no line has two values.
    """
    known = ~np.isnan(scores)
    scores, known = scores[known.any(axis=1)], known[known.any(axis=1)]
    repeats = known.sum(axis=1)
    lines, n = len(repeats), int(repeats.sum())
    if lines < 2 or n == lines:
        return None
    values = np.where(known, scores, 0.0)
    means = values.sum(axis=1) / repeats
    residuals = np.where(known, scores - means[:, np.newaxis], 0.0)
    within = float((residuals**2).sum()) / (n - lines)
    between = float(repeats @ (means - values.sum() / n) ** 2) / (lines - 1)
    typical = (n - float((repeats**2).sum()) / n) / (lines - 1)
    return math.sqrt(max(between - within, 0.0) / typical), math.sqrt(within)
