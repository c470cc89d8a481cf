"""The scores that decide a race, line by line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from llmops.domain.report import full_name
from llmops.errors import Fault, FlowError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmops.domain.analysis import Direction, Racing
    from llmops.domain.run import LineRecord, LineResult, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The `output` of `evaluator` decides, against the `baseline` (a configuration id)."""

    racing: Racing
    evaluator: str
    output: str
    direction: Direction
    baseline: str
    alpha: float


class Scores:
    """The mean score over a line's repeats, by dataset, configuration and line."""

    def __init__(self, rules: Rules, trials: Iterable[Trial]) -> None:
        """Start without scores; the trials tell whose result is whose."""
        self._rules = rules
        self._configurations = {trial.id: trial.configuration.id for trial in trials}
        self._lines: dict[tuple[str, str, int], dict[int, float]] = {}

    def add(self, record: LineRecord) -> None:
        """Keep the scores of a line.

        Raises:
            FlowError: when one is no number or out of bounds.
        """
        for key, result in record.results.items():
            score = self._score(record, result)
            if score is not None:
                place = record.dataset, self._configurations[key], record.line
                self._lines.setdefault(place, {})[record.repeat] = score

    def gain(self, dataset: str, configuration: str, line: int) -> float:
        """Return how much better than the baseline the line is, in [-1, 1]; 0 without a pair."""
        scores = self._lines.get((dataset, configuration, line))
        baseline = self._lines.get((dataset, self._rules.baseline, line))
        if not scores or not baseline:
            return 0.0
        rules = self._rules
        gain = fmean(scores.values()) - fmean(baseline.values())
        gain /= rules.racing.high - rules.racing.low
        return gain if rules.direction == "maximize" else -gain

    def _score(self, record: LineRecord, result: LineResult) -> float | None:
        """Return the number that decides; None where it is missing."""
        rules, racing = self._rules, self._rules.racing
        evaluation = result.evaluations.get(rules.evaluator)
        value = evaluation.outputs.get(rules.output) if evaluation else None
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        if not isinstance(value, bool | int | float):
            raise _refused(rules, record, value, "a number for every line", "name another metric")
        if not racing.low <= value <= racing.high:
            allowed = f"{racing.low:g} to {racing.high:g}, as search.low and search.high say"
            next_step = "set them to what the metric can have, then start a new run"
            raise _refused(rules, record, value, allowed, next_step)
        return float(value)


def _refused(
    rules: Rules, record: LineRecord, value: object, allowed: str, next_step: str
) -> FlowError:
    fault = Fault(
        where=f"{record.dataset}, line {record.line + 1}",
        seen=f"{full_name(rules.evaluator, rules.output)} is {value!r}",
        allowed=f"racing needs {allowed}",
        next_step=next_step,
    )
    return FlowError(str(fault))
