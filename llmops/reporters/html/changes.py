"""How each line changed against the baseline, as bits that the page filters by."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Comparison
    from llmops.domain.report import RunReport
    from llmops.domain.run import LineRecord, LineResult

REGRESSED: Final = 1
IMPROVED: Final = 2
FAILED: Final = 4


class Changes:
    """For every row some bits per configuration; the repeats of a line change as it does."""

    def __init__(self, report: RunReport, comparison: Comparison) -> None:
        """Start without rows."""
        self._ids = [item.id for item in report.configurations]
        objective = report.objective and report.objective.metric
        self._regressed = {
            (each.configuration, each.dataset, each.line)
            for each in comparison.regressions
            if each.metric == objective
        }
        self._improved = {
            (each.configuration, each.dataset): frozenset(each.lines)
            for each in comparison.improvements
        }
        self._rows = [array("B") for _ in self._ids]

    def add(self, record: LineRecord, results: Sequence[LineResult | None]) -> None:
        """Add a row: a result per configuration."""
        for row, configuration, result in zip(self._rows, self._ids, results, strict=True):
            failed = FAILED if result is not None and _failed(result) else 0
            row.append(failed | self._change(configuration, record))

    def packed(self) -> list[list[int]]:
        """Return the bits by configuration and row."""
        return [row.tolist() for row in self._rows]

    def _change(self, configuration: str, record: LineRecord) -> int:
        dataset, line = record.dataset, record.line
        if (configuration, dataset, line) in self._regressed:
            return REGRESSED
        improved = self._improved.get((configuration, dataset), frozenset())
        return IMPROVED if line in improved else 0


def _failed(result: LineResult) -> bool:
    return bool(result.error or any(each.error for each in result.evaluations.values()))
