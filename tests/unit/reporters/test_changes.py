from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fake_comparison import OBJECTIVE, fake_comparison
from fake_reports import IDS, report

from llmops.domain.analysis import Objective
from llmops.domain.call import Usage
from llmops.domain.description import Improvements, Regression
from llmops.domain.run import Evaluation, LineError, LineRecord, LineResult
from llmops.reporters.html.changes import FAILED, IMPROVED, REGRESSED, Changes

if TYPE_CHECKING:
    from llmops.domain.comparison import Comparison

LINE = LineRecord(dataset="reviews", line=3, repeat=0, data={}, results={})
WORSE = Regression(
    configuration=IDS[1], dataset="reviews", line=3, metric=OBJECTIVE, baseline=1.0, score=0.5
)
BETTER = Improvements(configuration=IDS[1], dataset="reviews", metric=OBJECTIVE, lines=(1, 3))


def compared(*changes: Regression | Improvements) -> Comparison:
    return replace(
        fake_comparison(),
        regressions=tuple(each for each in changes if isinstance(each, Regression)),
        improvements=tuple(each for each in changes if isinstance(each, Improvements)),
    )


def result(*, failed: bool = False, unjudged: bool = False) -> LineResult:
    error = LineError(node="n", kind="timeout", message="late")
    return LineResult(
        outputs={},
        seconds=0.1,
        usage=Usage(),
        calls=1,
        paid_calls=1,
        cost=None,
        error=error if failed else None,
        evaluations={"exact": Evaluation(error=error if unjudged else None)},
    )


def bits(comparison: Comparison, *results: LineResult | None, line: LineRecord = LINE) -> list[int]:
    """Return the bits of one row, the baseline's first."""
    objective = Objective(metric=OBJECTIVE)
    numbers = replace(report({"reviews": {}}, {"reviews": {}}), objective=objective)
    changes = Changes(numbers, comparison)
    changes.add(line, results)
    return [row for (row,) in changes.packed()]


def test_a_row_changes_as_its_line_does() -> None:
    both = result(), result()
    assert bits(compared(WORSE), *both) == [0, REGRESSED]
    assert bits(compared(BETTER), *both) == [0, IMPROVED]
    assert bits(compared(BETTER), *both, line=replace(LINE, repeat=2)) == [0, IMPROVED]
    assert bits(compared(WORSE, BETTER), *both, line=replace(LINE, line=2)) == [0, 0]
    assert bits(compared(WORSE, BETTER), *both, line=replace(LINE, dataset="x")) == [0, 0]


def test_only_the_objective_tells() -> None:
    guardrail = replace(WORSE, metric="style.words")
    assert bits(compared(guardrail), result(), result()) == [0, 0]


def test_a_failure_is_marked_whatever_else_is_known() -> None:
    assert bits(compared(), result(failed=True), result(unjudged=True)) == [FAILED, FAILED]
    assert bits(compared(WORSE), result(), result(failed=True)) == [0, REGRESSED | FAILED]
    assert bits(compared(), result(), None) == [0, 0]
