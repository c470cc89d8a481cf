"""One pass over a run's lines: from records to arrays."""

from __future__ import annotations

import math
from collections import Counter
from statistics import fmean, variance
from typing import TYPE_CHECKING

import numpy as np

from llmops.comparison.scores import DatasetScores, Scores
from llmops.domain.analysis import text_of
from llmops.domain.report import full_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llmops.comparison.scores import Flags, Floats, Integers
    from llmops.domain.analysis import Analysis, Labels
    from llmops.domain.run import Evaluation, LineRecord, LineResult
    from llmops.store import RunReader

Place = tuple[int, int, int]
"""Configuration, line and repeat."""


def read_scores(reader: RunReader, configurations: Sequence[str]) -> Scores:
    """Return every score of the run, with the configurations in the order given."""
    manifest = reader.manifest
    order = {name: place for place, name in enumerate(configurations)}
    trials = {trial["id"]: order[trial["configuration"]] for trial in manifest["trials"]}
    repeats = max((trial["repeat"] for trial in manifest["trials"]), default=0) + 1
    collectors = {
        dataset["name"]: _Collector(
            (len(order), int(dataset["lines"]), repeats), trials, reader.analysis
        )
        for dataset in manifest["datasets"]
    }
    for record in reader.lines():
        collectors[record.dataset].add(record)
    evaluators = [evaluator["name"] for evaluator in manifest["evaluators"]]
    stopped: dict[str, dict[int, int]] = {name: {} for name in collectors}
    for (dataset, configuration), lines in reader.stopped().items():
        stopped[dataset][order[configuration]] = lines
    return Scores(
        configurations=tuple(order),
        baseline=manifest["baseline"] if manifest["baseline"] in order else None,
        datasets=tuple(
            collector.scores(name, evaluators, stopped[name])
            for name, collector in collectors.items()
        ),
    )


class _Collector:
    """Fills the arrays of one dataset; a line that never ran stays missing."""

    def __init__(self, shape: Place, trials: Mapping[str, int], analysis: Analysis) -> None:
        self._shape = shape
        self._trials = trials
        self._analysis = analysis
        self._values: dict[str, Floats] = {}
        self._evaluator_of: dict[str, str] = {}
        self._not_scores: set[str] = set()
        self._flow_failed = np.zeros(shape, dtype=np.bool_)
        self._failed: dict[str, Flags] = {}
        self._has_outputs = False
        self._held_out = np.zeros(shape[1], dtype=np.bool_)
        self._groups: list[str | None] = [None] * shape[1]
        columns = (*analysis.slices, *(gate.slice for gate in analysis.gates if gate.slice))
        self._columns = {name: list(self._groups) for name in columns}
        self._judge_spread: dict[str, list[list[float]]] = {}
        self._labels = [Counter[tuple[str, str]]() for _ in range(shape[0])]

    def add(self, record: LineRecord) -> None:
        line, data = record.line, record.data
        split = self._analysis.holdout
        self._held_out[line] = split is not None and split.holds(data)
        self._groups[line] = text_of(data.get(self._analysis.group))
        for name, texts in self._columns.items():
            texts[line] = text_of(data.get(name))
        for trial, result in record.results.items():
            place = (self._trials[trial], line, record.repeat)
            if result.error:
                self._flow_failed[place] = True
                continue
            self._has_outputs = True
            if self._analysis.labels and not self._held_out[line]:
                self._add_label(self._analysis.labels, place[0], data, result)
            for evaluator, evaluation in result.evaluations.items():
                self._add_scores(evaluator, evaluation, place)

    def scores(
        self, dataset: str, evaluators: Iterable[str], stopped_after: Mapping[int, int]
    ) -> DatasetScores:
        """Return what was collected; all `evaluators` count where none had anything to judge."""
        return DatasetScores(
            dataset=dataset,
            lines=np.arange(self._shape[1]),
            held_out=self._held_out,
            values=self._values,
            errors={
                metric: self._flow_failed | self._failed[evaluator]
                for metric, evaluator in self._evaluator_of.items()
                if metric in self._values
            },
            groups=_numbered(self._groups) if self._analysis.group else None,
            columns=self._columns,
            evaluators=frozenset(self._failed if self._has_outputs else evaluators),
            labels=self._labels,
            judge_variance={
                metric: np.array([fmean(each) if each else np.nan for each in spread])
                for metric, spread in self._judge_spread.items()
            },
            stopped_after=stopped_after,
        )

    def _add_scores(self, evaluator: str, evaluation: Evaluation, place: Place) -> None:
        if evaluator not in self._failed:
            self._failed[evaluator] = np.zeros(self._shape, dtype=np.bool_)
        if evaluation.error:
            self._failed[evaluator][place] = True
            return
        for name, value in evaluation.outputs.items():
            metric = full_name(evaluator, name)
            if isinstance(value, bool | int | float):
                self._add_score(metric, evaluator, float(value), place)
            elif value is not None:  # now and then a text: not a number per line
                self._not_scores.add(metric)
                self._values.pop(metric, None)
            if evaluation.answers:
                self._add_judge_spread(
                    metric, [each.get(name) for each in evaluation.answers], place
                )

    def _add_score(self, metric: str, evaluator: str, value: float, place: Place) -> None:
        if metric in self._not_scores or not math.isfinite(value):
            return
        if metric not in self._values:
            self._values[metric] = np.full(self._shape, np.nan)
            self._evaluator_of[metric] = evaluator
        self._values[metric][place] = value

    def _add_judge_spread(self, metric: str, answers: Sequence[object], place: Place) -> None:
        """Keep what the judge's own noise adds to the variance of this score, a mean of answers."""
        known = [float(each) for each in answers if isinstance(each, bool | int | float)]
        if len(known) > 1 and not self._held_out[place[1]]:
            spread = self._judge_spread.setdefault(metric, [[] for _ in range(self._shape[0])])
            spread[place[0]].append(variance(known) / len(known))

    def _add_label(
        self, labels: Labels, configuration: int, data: Mapping[str, object], result: LineResult
    ) -> None:
        expected = text_of(data.get(labels.expected))
        predicted = text_of(result.outputs.get(labels.predicted))
        if expected is not None and predicted is not None:
            self._labels[configuration][expected, predicted] += 1


def _numbered(groups: Sequence[str | None]) -> Integers:
    """Return a number per group; a line without a group is one of its own."""
    numbers: dict[object, int] = {}
    keys = [(line,) if group is None else group for line, group in enumerate(groups)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
