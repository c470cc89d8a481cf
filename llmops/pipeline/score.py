"""Turns the judged lines of a run into metrics; a failed line is missing data, never wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from llmops.domain.run import Metric
from llmops.sharing import SharedAnswers
from llmops.trial_context import TrialContext

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmops.domain.call import Answer
    from llmops.domain.flow import Step
    from llmops.domain.run import LineRecord
    from llmops.store import RunReader
    from llmops.trial_context import Resources

FLOW = ""
"""Stands for the judged flow where an evaluator's name would stand."""


@dataclass(slots=True)
class _Tally:
    """What one evaluator said on the lines of one trial: good lines as columns, errors counted."""

    good: int = 0
    errors: int = 0
    outputs: dict[str, list[object]] = field(default_factory=dict[str, list[object]])
    aggregation: dict[str, list[object]] = field(default_factory=dict[str, list[object]])

    def add(self, outputs: Mapping[str, object], aggregation: Mapping[str, object]) -> None:
        self.good += 1
        for columns, values in ((self.outputs, outputs), (self.aggregation, aggregation)):
            for name, value in values.items():
                columns.setdefault(name, []).append(value)


async def score(
    reader: RunReader,
    flow_steps: Mapping[str, Step],
    judge_steps: Mapping[str, Step],
    resources: Resources,
) -> list[Metric]:
    """Return the metrics of every trial: those that aggregation nodes log, and plain means.

    `flow_steps` is keyed by configuration id, `judge_steps` by evaluator. A mean is taken of every
    evaluator output that is a number or a boolean wherever it is not None, and was not logged.

    Raises:
        LineFailure: when an aggregation node fails.
    """
    planned = {dataset["name"]: int(dataset["lines"]) for dataset in reader.manifest["datasets"]}
    tallies = _tallies(reader.lines())
    metrics: list[Metric] = []
    for trial in reader.manifest["trials"]:
        lines = planned[trial["dataset"]]
        for evaluator, step in {FLOW: flow_steps[trial["configuration"]], **judge_steps}.items():
            tally = tallies.get((trial["id"], evaluator))
            if tally is None or not tally.good:
                continue
            context = TrialContext(SharedAnswers({}, _no_record), resources, trial["id"])
            logged = await step.aggregate({}, tally.aggregation, context)
            metrics += _logged(trial["id"], evaluator, tally, logged, lines)
            if evaluator != FLOW:
                means = _means(trial["id"], evaluator, tally, lines)
                metrics += [metric for metric in means if metric.name not in logged]
    return metrics


def _tallies(records: Iterable[LineRecord]) -> dict[tuple[str, str], _Tally]:
    """Collect by trial and evaluator; a line whose flow failed is an error for its evaluators."""
    tallies: dict[tuple[str, str], _Tally] = {}
    for record in records:
        for trial, result in record.results.items():
            flow = tallies.setdefault((trial, FLOW), _Tally())
            if result.error:
                flow.errors += 1
                continue
            flow.add({}, result.aggregation_inputs)
            for evaluator, evaluation in result.evaluations.items():
                judged = tallies.setdefault((trial, evaluator), _Tally())
                if evaluation.error:
                    judged.errors += 1
                else:
                    judged.add(evaluation.outputs, evaluation.aggregation_inputs)
    for (trial, evaluator), tally in tallies.items():
        if evaluator != FLOW:
            tally.errors += tallies[trial, FLOW].errors
    return tallies


def _logged(
    trial: str, evaluator: str, tally: _Tally, values: Mapping[str, float], lines: int
) -> list[Metric]:
    return [
        Metric(
            trial=trial,
            evaluator=evaluator,
            name=name,
            kind="aggregated",
            value=value,
            n=tally.good,
            errors=tally.errors,
            missing=lines - tally.good - tally.errors,
        )
        for name, value in values.items()
    ]


def _means(trial: str, evaluator: str, tally: _Tally, lines: int) -> list[Metric]:
    metrics: list[Metric] = []
    for name, values in tally.outputs.items():
        if not all(value is None or isinstance(value, bool | int | float) for value in values):
            continue
        numbers = [value for value in map(_number, values) if value is not None]
        if numbers:
            metrics.append(
                Metric(
                    trial=trial,
                    evaluator=evaluator,
                    name=name,
                    kind="mean",
                    value=fmean(numbers),
                    n=len(numbers),
                    errors=tally.errors,
                    missing=lines - len(numbers) - tally.errors,
                )
            )
    return metrics


def _number(value: object) -> float | None:
    """Return a finite number; None and NaN are missing, not zero."""
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return float(value)
    return None


def _no_record(key: str, node: str, answer: Answer) -> None:
    """Aggregations are computed again when a run is scored again; nothing is kept."""
