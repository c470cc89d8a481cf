"""The same tests as scipy and statsmodels have them, typed, to check ours against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class _Result(Protocol):
    pvalue: float


class _Multinomial(Protocol):
    def logpmf(self, x: Sequence[int], *parameters: object) -> float: ...


class _Scipy(Protocol):
    multinomial: _Multinomial
    dirichlet_multinomial: _Multinomial

    def ks_2samp(self, data1: Floats, data2: Floats, *, method: str) -> _Result: ...
    def chi2_contingency(self, table: Floats, *, correction: bool) -> _Result: ...


_SCIPY = cast("_Scipy", stats)


def kolmogorov_smirnov(first: Floats, second: Floats) -> float:
    """Return scipy's exact p-value."""
    return _SCIPY.ks_2samp(first, second, method="exact").pvalue


def chi_square(table: Floats) -> float:
    """Return scipy's p-value of the contingency table, not corrected for continuity."""
    return _SCIPY.chi2_contingency(table, correction=False).pvalue


def log_multinomial(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return the log of scipy's multinomial probability."""
    return _SCIPY.multinomial.logpmf(counts, sum(counts), shares)


def log_dirichlet_multinomial(counts: Sequence[int], weights: Sequence[float]) -> float:
    """Return the log of scipy's Dirichlet-multinomial probability."""
    return _SCIPY.dirichlet_multinomial.logpmf(counts, weights, sum(counts))
