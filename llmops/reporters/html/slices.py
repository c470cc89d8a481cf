"""The slices of the configuration in focus, and those of the others; the worst come first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops.reporters.html.wording import between, change, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.analysis import Direction
    from llmops.domain.comparison import Comparison, ScoreKind, Slice

_MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRow:
    """A slice as the table shows it; `improvement` is above 0 where it is better."""

    slice: Slice
    score: str
    baseline: str
    improvement: str
    interval: str
    is_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceTables:
    """`left_out` counts rows that are in neither; they are the least bad ones."""

    own: tuple[SliceRow, ...]
    others: tuple[SliceRow, ...]
    left_out: int


def slice_tables(comparison: Comparison, focus: str) -> SliceTables | None:
    """Return the tables; None without slices."""
    if not comparison.slices:
        return None
    kinds: dict[str, ScoreKind] = {each.metric: each.kind for each in comparison.estimates}
    objective = comparison.analysis.objective
    direction: Direction = objective.direction if objective else "maximize"

    def rows(slices: Sequence[Slice]) -> tuple[SliceRow, ...]:
        return tuple(_row(each, kinds.get(each.metric, "numeric"), direction) for each in slices)

    own = [each for each in comparison.slices if each.configuration == focus]
    others = [each for each in comparison.slices if each.configuration != focus]
    left_out = max(0, len(own) - _MOST_ROWS) + max(0, len(others) - _MOST_ROWS)
    return SliceTables(
        own=rows(own[:_MOST_ROWS]), others=rows(others[:_MOST_ROWS]), left_out=left_out
    )


def _row(each: Slice, kind: ScoreKind, direction: Direction) -> SliceRow:
    improvement = None
    if each.score is not None and each.baseline_score is not None:
        difference = each.score - each.baseline_score
        improvement = difference if direction == "maximize" else -difference
    return SliceRow(
        slice=each,
        score=score(each.score, kind),
        baseline=score(each.baseline_score, kind),
        improvement=change(improvement, kind),
        interval=between(each.interval, kind),
        is_worse=improvement is not None and improvement < 0,
    )
