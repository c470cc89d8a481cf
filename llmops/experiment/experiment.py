"""An experiment that is ready to run: everything resolved, checked and frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.domain.report import full_name
from llmops.experiment.mappings import compile_mappings
from llmops.experiment.parameters import chosen_connections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from llmops.domain.analysis import Analysis
    from llmops.domain.call import Connection
    from llmops.domain.configuration import Configuration
    from llmops.domain.dataset import Dataset
    from llmops.domain.flow import Flow
    from llmops.experiment.mappings import InputsOf
    from llmops.experiment.model import Budget, Executor
    from llmops.spending import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDataset:
    """Data that the flow runs on."""

    name: str
    dataset: Dataset
    mappings: Mapping[str, object]

    def count(self, limit: int | None) -> int:
        """Return the lines that run; `limit` is the most, None all."""
        return self.dataset.count() if limit is None else min(self.dataset.count(), limit)

    def inputs_of(self, flow: Flow) -> InputsOf:
        """Return what maps a line to the flow's inputs."""
        return _inputs_of(self.mappings, flow, self.dataset)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorDataset:
    """What an evaluator judges one run dataset with; `dataset` None means the run's own lines."""

    name: str
    dataset: Dataset | None
    mappings: Mapping[str, object]

    def inputs_of(self, flow: Flow, judged: RunDataset) -> InputsOf:
        """Return what maps a line, the run's outputs and its inputs to the evaluator's inputs."""
        return _inputs_of(self.mappings, flow, self.dataset or judged.dataset)


def _inputs_of(mappings: Mapping[str, object], flow: Flow, dataset: Dataset) -> InputsOf:
    inputs = flow.interface().inputs
    return compile_mappings(mappings, inputs, dataset.columns(), dataset.path.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """A flow that judges, `repeats` times a line; `datasets` by the run dataset it judges."""

    name: str
    flow: Flow
    flow_path: Path
    datasets: Mapping[str, EvaluatorDataset]
    repeats: int = 1


def outputs_by_name(evaluators: Iterable[Evaluator]) -> dict[str, tuple[str, str]]:
    """Return what a line can be scored by: evaluator and output, by full name."""
    return {
        full_name(each.name, output): (each.name, output)
        for each in evaluators
        for output in each.flow.interface().outputs
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What the pipeline works on.

    `configurations` starts with the baseline. `raw` is the merged file without secrets, for the
    evidence; `stated_connections` are its connections as the files state them, variables and all;
    `flow_entry` is the name after `file.py:`. `secrets` must never be written anywhere.
    """

    name: str
    folder: Path
    project: Path
    files: tuple[Path, ...]
    flow: Flow
    flow_path: Path
    flow_entry: str
    connections: tuple[Connection, ...]
    datasets: tuple[RunDataset, ...]
    evaluators: tuple[Evaluator, ...]
    configurations: tuple[Configuration, ...]
    repeats: int
    analysis: Analysis
    executor: Executor
    budget: Budget
    prices: Mapping[str, Price]
    currency: str
    raw: Mapping[str, object]
    stated_connections: Sequence[object]
    secrets: tuple[str, ...]

    @property
    def baseline(self) -> Configuration:
        """Return what the other configurations are compared with."""
        return self.configurations[0]

    @property
    def used_connections(self) -> tuple[Connection, ...]:
        """Return those that a flow or an evaluator names, or that a parameter chooses."""
        flows = [self.flow, *(evaluator.flow for evaluator in self.evaluators)]
        names = frozenset[str]().union(*(flow.interface().connections for flow in flows))
        for configuration in self.configurations:
            names |= chosen_connections(configuration.parameters)
        return tuple(each for each in self.connections if each.name in names)
