"""Does production look like the data that a release was evaluated on?

Each test has a p-value; with thousands of requests a difference that matters to nobody has a small
one. So each comes with a size as well, and both decide (docs/explanation/monitoring.md).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, cast
from zlib import crc32

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmops.statistics.sample import Floats

_BINS: Final = 10
_HASHED: Final = 512
_LONGEST: Final = 4000
"""Characters of a text that are looked at."""
_SHUFFLES: Final = 999
_SPACE: Final = re.compile(r"\s+")


def stability_index(reference: Floats, current: Floats) -> float:
    """Return the population stability index of two rows of counts over the same bins.

    The sum of (q - p) * ln(q / p) over the bins' shares; half a count is added to each, so that an
    empty bin is no infinity. Siddiqi, "Credit Risk Scorecards" (2006): below 0.1 stable, above
    0.25 shifted.
    """
    p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (reference, current))
    return float(((q - p) * np.log(q / p)).sum())


def binned(reference: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return both as counts over the deciles of the reference; equal deciles are one bin."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1]))
    first, second = (
        np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
        for values in (reference, current)
    )
    return first.astype(np.float64), second.astype(np.float64)


def kolmogorov_smirnov(reference: Floats, current: Floats) -> float:
    """Return the p-value of both being drawn from one distribution.

    The asymptotic law with the correction of Stephens, JRSS B 32 (1970) 115-122; cautious where
    values repeat.
    """
    values = np.concatenate((reference, current))
    shares = [
        np.searchsorted(np.sort(each), values, side="right") / len(each)
        for each in (reference, current)
    ]
    distance = float(np.abs(shares[0] - shares[1]).max())
    root = math.sqrt(len(reference) * len(current) / len(values))
    return float(cast("float", special.kolmogorov((root + 0.12 + 0.11 / root) * distance)))


def homogeneity(reference: Floats, current: Floats) -> float:
    """Return the p-value of two rows of counts having the same shares: Pearson's chi-square.

    The rarest categories are taken together until five are expected in each of the two rows
    (Cochran, Biometrics 10 (1954) 417-451); 1 where only one category is left.
    """
    table = np.stack((reference, current))
    table = table[:, np.argsort(table.sum(axis=0))]
    smaller = float(table.sum(axis=1).min() / table.sum())
    totals = np.cumsum(table.sum(axis=0))
    rare = int(np.searchsorted(totals * smaller, 5.0))
    table = np.column_stack((table[:, : rare + 1].sum(axis=1), table[:, rare + 1 :]))
    if table.shape[1] < 2:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return float(cast("float", special.chdtrc(table.shape[1] - 1, statistic)))


def profiles(texts: Sequence[str]) -> Floats:
    """Return a row of unit length per text: how often it has each three letters in a row, hashed.

    Letters are taken in lower case and white space as one blank, so a profile tells of words,
    language and form, not of layout.
    """
    counts = np.array([_letters(text) for text in texts], dtype=np.float64)
    lengths = np.sqrt((counts**2).sum(axis=1, keepdims=True))
    return counts / np.where(lengths > 0, lengths, 1.0)


def _letters(text: str) -> NDArray[np.int64]:
    plain = f" {_SPACE.sub(' ', text.lower()).strip()} "[:_LONGEST]
    places = [
        crc32(plain[at : at + 3].encode("utf-8", "replace")) % _HASHED
        for at in range(len(plain) - 2)
    ]
    return np.bincount(np.array(places, dtype=np.int64), minlength=_HASHED)


def profile_shift(reference: Floats, current: Floats) -> tuple[float, float]:
    """Return one minus the cosine of the mean profiles, and the p-value of their distance.

    A permutation test: among 999 ways to deal all texts anew into two groups of these sizes, how
    often are the means as far apart? Gretton et al., "A kernel two-sample test", JMLR 13 (2012),
    with the linear kernel. The same numbers are drawn each time.
    """
    every = np.concatenate((reference, current))
    first = len(reference)
    random = np.random.default_rng(0)
    dealt = np.zeros((_SHUFFLES + 1, len(every)))
    dealt[0, :first] = 1
    for row in dealt[1:]:
        row[random.permutation(len(every))[:first]] = 1
    weights = dealt / first - (1 - dealt) / len(current)
    distances = ((weights @ every) ** 2).sum(axis=1)
    p = float((distances >= distances[0] * (1 - 1e-9)).mean())
    means = reference.mean(axis=0), current.mean(axis=0)
    norm = math.sqrt(float(means[0] @ means[0]) * float(means[1] @ means[1]))
    return (1 - float(means[0] @ means[1]) / norm if norm else 0.0), p
