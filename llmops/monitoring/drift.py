"""Whether production's inputs and outputs look like those that the release was evaluated on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from llmops.comparison.wording import p_value
from llmops.domain.analysis import text_of
from llmops.domain.monitoring import Drift
from llmops.statistics import drift as tests
from llmops.statistics.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    Rows = Sequence[Mapping[str, object]]

LEAST: Final = 30
"""With fewer values on either side nothing is tested."""
_MOST_CATEGORIES: Final = 20
_LEAST_SHIFT: Final = 0.05
"""One minus the cosine of two profiles: what the same kind of text stays below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a difference is a drift; see `DriftSection`."""

    level: float
    at_least: float
    ignore: Collection[str]


def drifts(reference: Rows, current: Rows, kind: str, rules: Rules) -> list[Drift]:
    """Return every property of every column that both have, not yet corrected; `kind` is a word."""
    columns = dict.fromkeys(name for row in current for name in row)
    found: list[Drift] = []
    for name in columns:
        if name in rules.ignore:
            continue
        first, second = (
            [row[name] for row in rows if name in row] for rows in (reference, current)
        )
        if min(len(first), len(second)) >= LEAST:
            found.extend(_properties(f"{kind} {name}", first, second))
    return found


def corrected(found: Sequence[Drift], rules: Rules) -> tuple[Drift, ...]:
    """Return them as one family, the surest first; only what is large and sure is a drift."""
    adjusted = holm([each.p for each in found]) if found else []
    judged = [
        _judged(replace(each, p_adjusted=p), rules) for each, p in zip(found, adjusted, strict=True)
    ]
    return tuple(sorted(judged, key=lambda each: (not each.drifted, each.p_adjusted, -each.size)))


def _judged(drift: Drift, rules: Rules) -> Drift:
    least = _LEAST_SHIFT if drift.property == "wording" else rules.at_least
    drifted = drift.p_adjusted <= rules.level and drift.size >= least
    verdict = "has drifted" if drifted else "has not drifted"
    sentence = (
        f"{drift.column} {verdict} from the evaluation data in its {drift.property} "
        f"({drift.size:.2g}, {p_value(drift.p_adjusted)})"
    )
    return replace(drift, drifted=drifted, sentence=sentence)


def _properties(column: str, first: list[object], second: list[object]) -> Iterator[Drift]:
    """Yield what is tested of a column; its kind shows in the values of both sides."""
    known = [[value for value in values if value is not None] for values in (first, second)]
    if len(known[0]) < len(first) or len(known[1]) < len(second):
        yield _shares(column, "missing values", *_missing(first, second))
    if min(map(len, known)) < LEAST:
        return
    numbers = [_numbers(values) for values in known]
    texts = [[str(text_of(value)) for value in values] for values in known]
    distinct = len({*texts[0], *texts[1]})
    if distinct <= _MOST_CATEGORIES:
        yield _shares(column, "categories", texts[0], texts[1])
    elif numbers[0] is not None and numbers[1] is not None:
        yield _numeric(column, "values", numbers[0], numbers[1])
    else:
        lengths = [np.array([len(text) for text in each], dtype=np.float64) for each in texts]
        yield _numeric(column, "length", lengths[0], lengths[1])
        profiles = [tests.profiles(each) for each in texts]
        shift, p = tests.profile_shift(profiles[0], profiles[1])
        yield _drift(column, "wording", "permutation of trigram profiles", texts, shift, p)


def _missing(first: list[object], second: list[object]) -> tuple[list[str], list[str]]:
    stated, now = (
        ["missing" if value is None else "there" for value in values] for values in (first, second)
    )
    return stated, now


def _shares(column: str, what: str, first: Sequence[str], second: Sequence[str]) -> Drift:
    counts = Counter(first), Counter(second)
    names = sorted({*counts[0], *counts[1]})
    rows = [np.array([each[name] for name in names], dtype=np.float64) for each in counts]
    size, p = tests.stability_index(rows[0], rows[1]), tests.homogeneity(rows[0], rows[1])
    return _drift(column, what, "chi-square", (first, second), size, p)


def _numeric(column: str, what: str, first: tests.Floats, second: tests.Floats) -> Drift:
    size = tests.stability_index(*tests.binned(first, second))
    p = tests.kolmogorov_smirnov(first, second)
    return _drift(column, what, "Kolmogorov-Smirnov", (first, second), size, p)


class _Sized(Protocol):
    def __len__(self) -> int: ...


def _drift(
    column: str, what: str, test: str, sides: Sequence[_Sized], size: float, p: float
) -> Drift:
    return Drift(
        column=column,
        property=what,
        test=test,
        reference=len(sides[0]),
        current=len(sides[1]),
        size=size,
        p=p,
        p_adjusted=p,
        drifted=False,
        sentence="",
    )


def _numbers(values: Sequence[object]) -> tests.Floats | None:
    """Return finite numbers; None where any value is none."""
    found = [
        float(value)
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    numbers = np.array(found, dtype=np.float64)
    return numbers if len(found) == len(values) and bool(np.isfinite(numbers).all()) else None
