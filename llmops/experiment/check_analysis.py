"""Whether the analysis plan fits the experiment's evaluators, data and flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.domain.report import resolve_metric
from llmops.errors import Fault
from llmops.experiment.check import check_known

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from llmops.domain.flow import FlowInterface
    from llmops.experiment.layers import Layers
    from llmops.experiment.model import ExperimentFile


def check_analysis(
    settings: ExperimentFile,
    layers: Layers,
    columns: Mapping[str, Collection[str]],
    flow: FlowInterface | None,
) -> Iterator[Fault]:
    """Yield what the plan names and the experiment does not have; `columns` by dataset."""
    yield from _metrics(settings, layers)
    yield from _columns(settings, layers, columns)
    for at, gate in enumerate(settings.gates):
        if gate.dataset:
            where = layers.where("gates", at, "dataset")
            yield from check_known(gate.dataset, columns, "dataset", where)
    labels = settings.statistics.labels
    if labels and flow:
        where = layers.where("statistics", "labels", "predicted")
        yield from check_known(labels.predicted, flow.outputs, "output", where)
    if settings.search != "all" and settings.objective is None:
        seen = "racing, but no objective"
        step = "name the metric that decides under objective"
        yield Fault(where=layers.where("search"), seen=seen, next_step=step)
    if settings.limits.cost_per_line is not None and not settings.prices:
        where = layers.where("limits", "cost_per_line")
        yield Fault(where=where, seen="no model has a price", next_step="add prices")


def check_racing(settings: ExperimentFile, outputs: Collection[str], where: str) -> Iterator[Fault]:
    """Yield a fault when the objective is no number per line; `outputs` are full names."""
    objective = settings.objective
    if settings.search == "all" or objective is None:
        return
    if resolve_metric(objective.metric, outputs) not in outputs:
        seen = f"racing needs a number for every line, and {objective.metric!r} is none"
        allowed = f"allowed: {', '.join(outputs)}" if outputs else ""
        step = "" if outputs else "add an evaluator"
        yield Fault(where=where, seen=seen, allowed=allowed, next_step=step)


def _metrics(settings: ExperimentFile, layers: Layers) -> Iterator[Fault]:
    evaluators = layers.names("evaluators")
    if settings.objective:
        where = layers.where("objective", "metric")
        yield from check_metric(settings.objective.metric, evaluators, where)
    for key, sections in {"guardrails": settings.guardrails, "gates": settings.gates}.items():
        for at, section in enumerate(sections):
            where = layers.where(key, at, "metric")
            yield from check_metric(section.metric, evaluators, where)
    for metric in settings.statistics.metrics:
        where = layers.where("statistics", "metrics")
        yield from check_metric(metric, evaluators, where)


def check_metric(metric: str, evaluators: Collection[str], where: str) -> Iterator[Fault]:
    """Yield a fault when the metric's evaluator is none of the experiment's."""
    if "." in metric and not any(metric.startswith(f"{name}.") for name in evaluators):
        yield from check_known(metric.partition(".")[0], evaluators, "evaluator", where)


def _columns(
    settings: ExperimentFile, layers: Layers, columns: Mapping[str, Collection[str]]
) -> Iterator[Fault]:
    """Every dataset needs the columns that say which lines count; one needs the others."""
    statistics = settings.statistics
    every: dict[str, tuple[str, ...]] = {}
    if statistics.group:
        every[statistics.group] = ("statistics", "group")
    if statistics.holdout and statistics.holdout.column:
        every[statistics.holdout.column] = ("statistics", "holdout", "column")
    for column, path in every.items():
        for dataset, known in columns.items():
            where = f"{layers.where(*path)}, dataset {dataset!r}"
            yield from check_known(column, known, "column", where)
    anywhere = sorted({column for known in columns.values() for column in known})
    if not anywhere:  # no dataset could be read, which is a fault of its own
        return
    for column in statistics.slices:
        where = layers.where("statistics", "slices")
        yield from check_known(column, anywhere, "column", where)
    if statistics.labels:
        where = layers.where("statistics", "labels", "expected")
        yield from check_known(statistics.labels.expected, anywhere, "column", where)
    for at, gate in enumerate(settings.gates):
        if gate.slice:
            where = layers.where("gates", at, "slice")
            yield from check_known(gate.slice, anywhere, "column", where)
