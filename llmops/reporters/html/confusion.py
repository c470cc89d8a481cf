"""Confusion matrices: right answers down, given answers across."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Comparison
    from llmops.domain.description import Confusion

SHADES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A count; `shade` grows with its share of the row, from 0 to SHADES."""

    count: int
    shade: int
    is_right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """`rows` hold a label, its entries in the order of `labels`, and their sum."""

    configuration: str
    dataset: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Entry, ...], int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrices:
    """Those of the configurations in focus, and those of the others."""

    own: tuple[Matrix, ...]
    others: tuple[Matrix, ...]


def matrices(comparison: Comparison, focus: Sequence[str]) -> Matrices | None:
    """Return them by dataset, and within it in the order of the focus; None without labels."""
    if not comparison.confusions:
        return None
    known = {(each.configuration, each.dataset): each for each in comparison.confusions}
    datasets = dict.fromkeys(each.dataset for each in comparison.confusions)
    own = [known[name, place] for place in datasets for name in focus if (name, place) in known]
    others = [each for each in comparison.confusions if each.configuration not in focus]
    return Matrices(own=tuple(map(_matrix, own)), others=tuple(map(_matrix, others)))


def _matrix(confusion: Confusion) -> Matrix:
    return Matrix(
        configuration=confusion.configuration,
        dataset=confusion.dataset,
        labels=confusion.labels,
        rows=tuple(_row(confusion, expected) for expected in confusion.labels),
    )


def _row(confusion: Confusion, expected: str) -> tuple[str, tuple[Entry, ...], int]:
    counts = [confusion.counts.get((expected, label), 0) for label in confusion.labels]
    total = sum(counts)
    entries = tuple(
        Entry(
            count=count,
            shade=math.ceil(SHADES * count / total) if total else 0,
            is_right=label == expected,
        )
        for label, count in zip(confusion.labels, counts, strict=True)
    )
    return expected, entries, total
