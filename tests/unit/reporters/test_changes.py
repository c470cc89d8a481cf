from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_comparison import OBJECTIVE, fake_comparison
from fake_reports import IDS, report

from llmops.domain.analysis import Objective
from llmops.domain.call import Usage
from llmops.domain.comparison import Regression
from llmops.domain.run import Evaluation, LineError, LineRecord, LineResult
from llmops.reporters.html.changes import FAILED, IMPROVED, REGRESSED, Changes

if TYPE_CHECKING:
    from llmops.domain.analysis import Direction

LINE = LineRecord(dataset="reviews", line=3, repeat=0, data={}, results={})
WORSE = Regression(
    configuration=IDS[1], dataset="reviews", line=3, metric=OBJECTIVE, baseline=1.0, score=0.5
)


def result(score: object = None, *, failed: bool = False) -> LineResult:
    """Return a result with this score, or one that failed."""
    return LineResult(
        outputs={},
        seconds=0.1,
        usage=Usage(),
        calls=1,
        paid_calls=1,
        cost=None,
        error=LineError(node="n", kind="timeout", message="late") if failed else None,
        evaluations={"exact": Evaluation(outputs={"accuracy": score})},
    )


def changed(
    *results: LineResult | None, regressions: int = 0, direction: Direction = "maximize"
) -> list[int]:
    """Return the bits of one row, the baseline's first."""
    objective = Objective(metric=OBJECTIVE, direction=direction)
    numbers = replace(report({"reviews": {}}, {"reviews": {}}), objective=objective)
    comparison = replace(fake_comparison(), baseline=IDS[0], regressions=(WORSE,) * regressions)
    changes = Changes(numbers, comparison)
    changes.add(LINE, results)
    return [bits for (bits,) in changes.packed()]


@pytest.mark.parametrize(
    ("before", "after", "direction", "bits"),
    [
        (0, 1, "maximize", IMPROVED),
        (False, True, "maximize", IMPROVED),
        (1, 0, "maximize", 0),
        (2.0, 1.5, "minimize", IMPROVED),
        (1, float("nan"), "maximize", 0),
        (None, 1, "maximize", 0),
    ],
)
def test_a_row_improved_when_it_scores_better(
    before: object, after: object, direction: Direction, bits: int
) -> None:
    assert changed(result(before), result(after), direction=direction) == [0, bits]


def test_of_a_line_that_regressed_only_the_worse_repeats_are_marked() -> None:
    assert changed(result(1), result(0), regressions=1) == [0, REGRESSED]
    assert changed(result(1), result(1), regressions=1) == [0, 0]
    assert changed(result(0), result(1), regressions=1) == [0, 0]


def test_an_error_is_neither_better_nor_worse() -> None:
    assert changed(result(0), result(1, failed=True)) == [0, FAILED]
    assert changed(result(0, failed=True), result(1)) == [FAILED, 0]
    assert changed(result(0), None) == [0, 0]
