"""How each line changed against the baseline, as bits that the page filters by."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Final

from llmops.domain.report import full_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Comparison
    from llmops.domain.report import RunReport
    from llmops.domain.run import LineRecord, LineResult

REGRESSED: Final = 1
IMPROVED: Final = 2
FAILED: Final = 4


class Changes:
    """For every row some bits per configuration; 0 is no change, or none that can be told."""

    def __init__(self, report: RunReport, comparison: Comparison) -> None:
        """Start without rows."""
        self._ids = [item.id for item in report.configurations]
        self._baseline = comparison.baseline
        self._metric = report.objective.metric if report.objective else None
        self._sign = -1 if report.objective and report.objective.direction == "minimize" else 1
        self._regressed = {
            (each.configuration, each.dataset, each.line)
            for each in comparison.regressions
            if each.metric == self._metric
        }
        self._rows = [array("B") for _ in self._ids]

    def add(self, record: LineRecord, results: Sequence[LineResult | None]) -> None:
        """Add a row: a result per configuration."""
        scores = dict(zip(self._ids, map(self._score, results), strict=True))
        before = scores.get(self._baseline or "")
        for row, configuration, result in zip(self._rows, self._ids, results, strict=True):
            score = scores[configuration]
            bits = FAILED if result is not None and _failed(result) else 0
            regressed = (configuration, record.dataset, record.line) in self._regressed
            row.append(bits | self._change(before, score, regressed=regressed))

    def _change(self, before: float | None, score: float | None, *, regressed: bool) -> int:
        """Return what a row shows: of the repeats of a line that regressed, not all are worse."""
        if before is None or score is None:
            return REGRESSED if regressed else 0
        improvement = self._sign * (score - before)
        if regressed:
            return REGRESSED if improvement < 0 else 0
        return IMPROVED if improvement > 0 else 0

    def packed(self) -> list[list[int]]:
        """Return the bits by configuration and row."""
        return [row.tolist() for row in self._rows]

    def _score(self, result: LineResult | None) -> float | None:
        if result is None or result.error:
            return None
        for evaluator, evaluation in result.evaluations.items():
            for name, value in evaluation.outputs.items():
                if full_name(evaluator, name) == self._metric and isinstance(value, int | float):
                    return float(value) if math.isfinite(value) else None
        return None


def _failed(result: LineResult) -> bool:
    return bool(result.error or any(each.error for each in result.evaluations.values()))
