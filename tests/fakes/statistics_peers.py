"""The same statistics as other people compute them, typed, to check ours against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from scipy import stats
from statsmodels.stats import contingency_tables, multitest, proportion, weightstats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class _Result(Protocol):
    pvalue: float


class _Scipy(Protocol):
    def binomtest(self, k: int, n: int) -> _Result: ...


class _Proportion(Protocol):
    def proportion_confint(self, count: int, nobs: int, *, method: str) -> tuple[float, float]: ...


class _ContingencyTables(Protocol):
    def mcnemar(self, table: Sequence[Sequence[int]], *, exact: bool) -> _Result: ...


class _Multitest(Protocol):
    def multipletests(
        self, pvals: Sequence[float], *, method: str
    ) -> tuple[object, Floats, float, float]: ...


class _Weightstats(Protocol):
    def ttost_paired(
        self, x1: Floats, x2: Floats, low: float, upp: float
    ) -> tuple[float, object, object]: ...


def wilson(count: int, n: int) -> tuple[float, float]:
    """Return statsmodels' Wilson interval at 95 %."""
    return cast("_Proportion", proportion).proportion_confint(count, n, method="wilson")


def exact_mcnemar(table: Sequence[Sequence[int]]) -> float:
    """Return the p-value of statsmodels' exact McNemar test of a 2 x 2 table."""
    return cast("_ContingencyTables", contingency_tables).mcnemar(table, exact=True).pvalue


def binomial_test(successes: int, n: int) -> float:
    """Return the two-sided p-value of scipy's test of a fair coin."""
    return cast("_Scipy", stats).binomtest(successes, n).pvalue


def holm(p_values: Sequence[float]) -> list[float]:
    """Return statsmodels' adjusted p-values."""
    return list(cast("_Multitest", multitest).multipletests(p_values, method="holm")[1])


def tost_paired(first: Floats, second: Floats, margin: float) -> float:
    """Return the p-value of statsmodels' two one-sided t-tests."""
    return cast("_Weightstats", weightstats).ttost_paired(first, second, -margin, margin)[0]
