"""Where in the data a variant falls behind: scores by the values of data columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from llmops.comparison.pairing import pairs_of
from llmops.domain.description import Slice
from llmops.domain.report import resolve_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmops.comparison.scores import DatasetScores, Scores
    from llmops.domain.analysis import Analysis, Direction, Gate


FEWEST_LINES: Final = 5
"""A value with fewer lines is no slice: it says nothing, and an id has thousands of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A metric to look at by the values of a column that have at least `fewest` lines."""

    column: str
    metric: str
    direction: Direction
    fewest: int = FEWEST_LINES


def questions_of(analysis: Analysis, metrics: Sequence[str]) -> tuple[Question, ...]:
    """Return what the plan asks: the objective by every slice column, and each gate by its own."""
    asked: list[Question] = []
    if analysis.objective:
        goal = analysis.objective
        asked += [
            Question(
                column=column,
                metric=resolve_metric(goal.metric, metrics),
                direction=goal.direction,
            )
            for column in analysis.slices
        ]
    asked += [
        Question(
            column=gate.slice,
            metric=resolve_metric(gate.metric, metrics),
            direction=_direction(gate),
            fewest=min(gate.min_lines, FEWEST_LINES),
        )
        for gate in analysis.gates
        if gate.slice
    ]
    found: dict[tuple[str, str], Question] = {}
    for question in asked:
        known = found.setdefault((question.column, question.metric), question)
        fewest = min(known.fewest, question.fewest)
        found[question.column, question.metric] = replace(known, fewest=fewest)
    return tuple(found.values())


def slices_of(
    scores: Scores, questions: Iterable[Question], confidence: float
) -> tuple[Slice, ...]:
    """Return every value of every column for every configuration: a metric's worst ones first.

    Nothing here is tested or corrected: with enough slices some look bad by chance.
    """
    found = [
        each
        for question in questions
        for dataset in scores.datasets
        if question.metric in dataset.values
        for part, value in _parts(dataset, question)
        for each in _of_configurations(part, value, scores, question, confidence)
    ]
    metrics = list(dict.fromkeys(each.metric for each in found))
    found.sort(key=lambda each: (metrics.index(each.metric), each.improvement or 0.0))
    return tuple(found)


def _direction(gate: Gate) -> Direction:
    if gate.max_drop is not None:
        return gate.direction
    return "maximize" if gate.at_most is None else "minimize"


def _parts(dataset: DatasetScores, question: Question) -> Iterator[tuple[DatasetScores, str]]:
    texts = dataset.columns[question.column]
    counts = Counter(text for text in texts if text is not None)
    for value in sorted(value for value, count in counts.items() if count >= question.fewest):
        yield dataset.only(np.array([text == value for text in texts])), value


def _of_configurations(
    part: DatasetScores, value: str, scores: Scores, question: Question, confidence: float
) -> Iterator[Slice]:
    metric, order = question.metric, scores.configurations
    first = None if scores.baseline is None else order.index(scores.baseline)
    for place, name in enumerate(order):
        compared = None
        if first is not None and first != place:
            compared = pairs_of(part, metric, first, place).test(confidence)
        yield Slice(
            column=question.column,
            value=value,
            dataset=part.dataset,
            configuration=name,
            metric=metric,
            direction=question.direction,
            lines=len(part.lines),
            n=int(np.isfinite(part.values[metric][place]).sum()),
            score=part.mean(metric, place),
            baseline_score=None if first is None else part.mean(metric, first),
            difference=compared and compared.difference,
            interval=compared and compared.interval,
        )
