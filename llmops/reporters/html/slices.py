"""The slices of the configuration in focus, and those of the others; the worst come first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from llmops.reporters.wording import between, change, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Comparison, Interval, ScoreKind
    from llmops.domain.description import Slice

_MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRow:
    """A slice as the table shows it; the interval is that of the improvement."""

    slice: Slice
    score: str
    baseline: str
    improvement: str
    interval: str
    is_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceTables:
    """`left_out` counts rows that are in neither; they are the least bad ones."""

    metrics: tuple[str, ...]
    own: tuple[SliceRow, ...]
    others: tuple[SliceRow, ...]
    left_out: int


def slice_tables(comparison: Comparison, focus: str) -> SliceTables | None:
    """Return the tables; None without slices. The baseline has rows of its own only in focus."""
    if not comparison.slices:
        return None
    kinds: dict[str, ScoreKind] = {each.metric: each.kind for each in comparison.estimates}

    def rows(slices: Sequence[Slice]) -> tuple[SliceRow, ...]:
        return tuple(_row(each, kinds.get(each.metric, "numeric")) for each in slices[:_MOST_ROWS])

    own = [each for each in comparison.slices if each.configuration == focus]
    others = [
        each for each in comparison.slices if each.configuration not in (focus, comparison.baseline)
    ]
    return SliceTables(
        metrics=tuple(dict.fromkeys(each.metric for each in comparison.slices)),
        own=rows(own),
        others=rows(others),
        left_out=max(0, len(own) - _MOST_ROWS) + max(0, len(others) - _MOST_ROWS),
    )


def _row(each: Slice, kind: ScoreKind) -> SliceRow:
    return SliceRow(
        slice=each,
        score=score(each.score, kind),
        baseline=score(each.baseline_score, kind),
        improvement=change(each.improvement, kind),
        interval=between(_improved(each), kind),
        is_worse=(each.improvement or 0.0) < 0,
    )


def _improved(each: Slice) -> Interval | None:
    if each.interval is None or each.direction == "maximize":
        return each.interval
    return replace(each.interval, low=-each.interval.high, high=-each.interval.low)
