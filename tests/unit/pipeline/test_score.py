"""Metrics of judged lines: errors and missing values are counted, never scored."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from llmops.concurrency import Threads
from llmops.domain.call import Usage
from llmops.domain.run import Evaluation, LineError, LineRecord, LineResult, Metric
from llmops.pipeline.score import score
from llmops.progress import Progress
from llmops.spending import Budget
from llmops.trial_context import Resources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.flow import LineContext, LineOutput
    from llmops.store import RunReader

ERROR = LineError(node="classify", kind="timeout", message="no answer in 5 s")
RESOURCES = Resources(
    channels={}, threads=Threads(1), budget=Budget(), prices={}, progress=Progress()
)


class Sums:
    """An evaluator whose aggregation logs the sum of what it was given."""

    async def run_line(self, inputs: Mapping[str, object], context: LineContext) -> LineOutput:
        raise AssertionError(inputs, context)

    async def aggregate(
        self,
        inputs: Mapping[str, Sequence[object]],
        aggregation_inputs: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> Mapping[str, float]:
        del inputs, context
        return {
            f"sum {name}": float(sum(cast("Sequence[int]", values)))
            for name, values in aggregation_inputs.items()
        }


class Recorded:
    """What `score` reads of a run: a manifest and lines."""

    def __init__(self, results: Sequence[LineResult], lines: int) -> None:
        self.manifest: dict[str, Any] = {
            "trials": [{"id": "t", "configuration": "c", "dataset": "d"}],
            "datasets": [{"name": "d", "lines": lines}],
        }
        self._results = results

    def lines(self) -> Iterator[LineRecord]:
        for number, result in enumerate(self._results):
            yield LineRecord(dataset="d", line=number, repeat=0, data={}, results={"t": result})


def result(evaluation: Evaluation | None = None, error: LineError | None = None) -> LineResult:
    return LineResult(
        outputs={},
        seconds=0.1,
        usage=Usage(),
        calls=1,
        paid_calls=1,
        cost=None,
        error=error,
        evaluations={"judge": evaluation} if evaluation else {},
    )


def metrics(results: Sequence[LineResult], lines: int) -> dict[str, Metric]:
    recorded = cast("RunReader", Recorded(results, lines))
    found = asyncio.run(score(recorded, {"c": Sums()}, {"judge": Sums()}, RESOURCES))
    return {metric.name: metric for metric in found}


def test_every_line_is_scored_an_error_or_missing() -> None:
    found = metrics(
        [
            result(Evaluation(outputs={"correct": True}, aggregation_inputs={"${a.output}": 3})),
            result(Evaluation(outputs={"correct": False}, aggregation_inputs={"${a.output}": 4})),
            result(Evaluation(outputs={"correct": None}, aggregation_inputs={"${a.output}": 5})),
            result(Evaluation(error=ERROR)),
            result(error=ERROR),
        ],
        lines=7,
    )
    mean = found["correct"]
    assert (mean.value, mean.n, mean.errors, mean.missing) == (0.5, 2, 2, 3)
    logged = found["sum ${a.output}"]
    assert (logged.value, logged.n, logged.errors, logged.missing) == (12.0, 3, 2, 2)
    assert {metric.lines for metric in found.values()} == {7}


def test_nan_is_missing_and_text_has_no_mean() -> None:
    found = metrics(
        [
            result(Evaluation(outputs={"score": float("nan"), "label": "good", "mixed": 1})),
            result(Evaluation(outputs={"score": 4.0, "label": "bad", "mixed": "n/a"})),
        ],
        lines=2,
    )
    assert found["score"].value == pytest.approx(4.0)
    assert (found["score"].n, found["score"].missing) == (1, 1)
    assert set(found) == {"score"}


def test_where_no_line_is_good_there_is_no_metric() -> None:
    assert metrics([result(error=ERROR)], lines=1) == {}
