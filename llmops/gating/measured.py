"""What a gate looks at: the value of a metric on a dataset, or one for each slice of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.domain.analysis import OPERATIONAL
from llmops.domain.report import resolve_metric
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from llmops.domain.analysis import Gate
    from llmops.domain.comparison import Comparison
    from llmops.domain.description import Slice
    from llmops.domain.report import Cell, ConfigurationReport, RunReport


class NoValueError(Exception):
    """A value can't be had; the message says why."""


class NothingDeployedError(NoValueError):
    """A gate compares with what is deployed, and nothing is."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Something is deployed, and what it measured can't be had: `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value, the lines that it rests on, and what it may be worse than.

    `reference` is what a gate with `max_drop` compares with, None for other gates.
    """

    value: float
    basis: str
    reference: float | None = None
    slice_value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the values of a configuration and of what it is compared with come from."""

    report: RunReport
    comparison: Comparison
    chosen: ConfigurationReport
    deployed: ConfigurationReport | Unmeasured | None

    def measured(self, gate: Gate, metric: str, dataset: str) -> list[Measured]:
        """Return one value, or one for each slice that has enough lines; never an empty list.

        Raises:
            NoValueError: when one of them can't be had.
            NothingDeployedError: when a deployment is to be compared with, and there is none.
        """
        if metric not in self.report.metrics and metric not in OPERATIONAL:
            known = (*self.report.metrics, *OPERATIONAL)
            hint = nearest(metric, known) or f"there are {', '.join(known)}"
            raise NoValueError(f"no such metric in this run; {hint}")
        if gate.max_drop is not None and gate.against == "deployed" and self.deployed is None:
            raise NothingDeployedError("nothing is deployed to compare with")
        if gate.slice:
            return self._slices(gate, metric, dataset)
        reference = self._reference(gate, metric, dataset)
        value, basis = self._value(self.chosen, metric, dataset)
        return [Measured(value=value, basis=basis, reference=reference)]

    def _reference(self, gate: Gate, metric: str, dataset: str) -> float | None:
        if gate.max_drop is None:
            return None
        item = self.report.baseline if gate.against == "baseline" else self.deployed
        if item is None:
            raise NoValueError("the baseline did not run")
        if isinstance(item, Unmeasured):
            raise NoValueError(item.reason)
        try:
            return self._value(item, metric, dataset)[0]
        except NoValueError as reason:
            raise NoValueError(f"nothing to compare with in the {gate.against}: {reason}") from None

    def _value(self, item: ConfigurationReport, metric: str, dataset: str) -> tuple[float, str]:
        cell = next((cell for cell in item.cells if cell.dataset == dataset), None)
        if cell is None:
            raise NoValueError("it did not run on this dataset")
        if metric in OPERATIONAL:
            value = _operational(metric, cell, self._decisive())
            return _finite(value, "no line tells"), f"{cell.figures.lines:,} lines"
        if metric not in cell.scores:
            raise NoValueError("it has none; if it is not meant to, state the gate's dataset")
        score = cell.scores[metric]
        return _finite(score.value, "it has none"), f"n = {score.n:,}"

    def _slices(self, gate: Gate, metric: str, dataset: str) -> list[Measured]:
        if gate.max_drop is not None and gate.against == "deployed":
            raise NoValueError(f"the values of {gate.slice} are not kept of what is deployed")
        found = [
            self._slice(each, against_baseline=gate.max_drop is not None)
            for each in self.comparison.slices
            if (each.column, each.dataset, each.metric) == (gate.slice, dataset, metric)
            and each.configuration == self.chosen.id
            and each.lines >= gate.min_lines
        ]
        if not found:
            lines = f"{gate.min_lines:,} lines"
            raise NoValueError(f"no value of the column {gate.slice} has {lines}")
        return found

    def _slice(self, each: Slice, *, against_baseline: bool) -> Measured:
        where = f"{each.column} {each.value!r}"
        missed = f"the baseline has none for {where}"
        scored = f"n = {each.n:,}"
        return Measured(
            value=_finite(each.score, f"it has none for {where}"),
            basis=scored if each.n == each.lines else f"{scored} on {each.lines:,} lines",
            reference=_finite(each.baseline_score, missed) if against_baseline else None,
            slice_value=each.value,
        )

    def _decisive(self) -> set[str]:
        """Return the metrics that the experiment is judged by."""
        plan = self.comparison.analysis
        names = {each.metric for each in (*plan.guardrails, *plan.gates)} | set(plan.metrics)
        names |= {plan.objective.metric} if plan.objective else set()
        return {resolve_metric(name, self.report.metrics) for name in names}


def _operational(name: str, cell: Cell, decisive: Collection[str]) -> float | None:
    """Return what lines took; a line that an evaluator failed to judge is an error as well."""
    figures = cell.figures
    scores = [score for metric, score in cell.scores.items() if metric in decisive]
    ran = figures.n + figures.errors
    match name:
        case "cost_per_line":
            return figures.cost_per_line
        case "p95_seconds":
            return figures.p95
        case "error_rate":
            errors = max(figures.errors, *(score.errors for score in scores), 0)
            return errors / ran if ran else None
        case _:
            missing = max(figures.missing, *(score.missing for score in scores), 0)
            return missing / figures.lines if figures.lines else None


def _finite(value: float | None, otherwise: str) -> float:
    if value is None or not math.isfinite(value):
        raise NoValueError(otherwise)
    return value
