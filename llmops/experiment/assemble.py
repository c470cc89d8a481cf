"""Opens what the fields name and checks that it fits together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.errors import Fault
from llmops.experiment.check import check_known, check_mappings, check_unique
from llmops.experiment.experiment import Evaluator, EvaluatorDataset, RunDataset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.flow import FlowInterface
    from llmops.experiment.layers import Key, Layers
    from llmops.experiment.model import DatasetSection, EvaluatorDatasetSection, EvaluatorSection
    from llmops.experiment.opening import Opener


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembler:
    """Makes objects of sections; faults go to the opener. `flow` is None if it cannot be loaded."""

    opener: Opener
    layers: Layers
    flow: FlowInterface | None

    def datasets(self, sections: Sequence[DatasetSection]) -> dict[str, RunDataset]:
        """Return the run's datasets that can be read, by name."""
        where = self.layers.where("datasets")
        self.opener.faults.extend(check_unique((each.name for each in sections), where))
        opened: dict[str, RunDataset] = {}
        for section in sections:
            path = ("datasets", section.name)
            dataset = self.opener.dataset(section.source, self.layers.where(*path, "source"))
            if dataset is None:
                continue
            used = RunDataset(name=section.name, dataset=dataset, mappings=section.mappings)
            opened[section.name] = used
            if self.flow:
                sources = {"data": dataset.columns()}
                where = self.layers.where(*path, "mappings")
                faults = check_mappings(section.mappings, self.flow, sources, where)
                self.opener.faults.extend(faults)
        return opened

    def evaluators(
        self, sections: Sequence[EvaluatorSection], datasets: Mapping[str, RunDataset]
    ) -> tuple[Evaluator, ...]:
        """Return the evaluators whose flow can be loaded."""
        where = self.layers.where("evaluators")
        self.opener.faults.extend(check_unique((each.name for each in sections), where))
        opened: list[Evaluator] = []
        for section in sections:
            path = ("evaluators", section.name)
            name = section.flow or section.name
            found = self.opener.flow(name, self.layers.where(*path, "flow"))
            interface = found[0].interface() if found else None
            judged = self._judged(section, path, datasets, interface)
            if found:
                flow, flow_path = found
                evaluator = Evaluator(
                    name=section.name,
                    flow=flow,
                    flow_path=flow_path,
                    datasets=judged,
                    repeats=section.repeats,
                )
                opened.append(evaluator)
        return tuple(opened)

    def _judged(
        self,
        evaluator: EvaluatorSection,
        path: tuple[Key, ...],
        datasets: Mapping[str, RunDataset],
        interface: FlowInterface | None,
    ) -> dict[str, EvaluatorDataset]:
        """Return what the evaluator judges with, by the run dataset that it judges."""
        faults = self.opener.faults
        names = [each.reference or each.name for each in evaluator.datasets]
        faults.extend(check_unique(names, self.layers.where(*path, "datasets")))
        declared = self.layers.names("datasets")
        opened: dict[str, EvaluatorDataset] = {}
        for section, name in zip(evaluator.datasets, names, strict=True):
            at = (*path, "datasets", section.name)
            faults.extend(check_known(name, declared, "dataset", self.layers.where(*at)))
            source = self.layers.where(*at, "source")
            own = self.opener.dataset(section.source, source) if section.source else None
            run = datasets.get(name)
            if run is None or (section.source and own is None):
                continue
            used = EvaluatorDataset(name=section.name, dataset=own, mappings=section.mappings)
            opened[name] = used
            faults.extend(_length_faults(used, run, source))
            if interface:
                where = self.layers.where(*at, "mappings")
                faults.extend(self._mapping_faults(section, used, run, interface, where))
        return opened

    def _mapping_faults(
        self,
        section: EvaluatorDatasetSection,
        used: EvaluatorDataset,
        run: RunDataset,
        interface: FlowInterface,
        where: str,
    ) -> Iterator[Fault]:
        sources = {
            "data": (used.dataset or run.dataset).columns(),
            "run.outputs": self.flow.outputs if self.flow else (),
            "run.inputs": [each.name for each in self.flow.inputs] if self.flow else (),
        }
        return check_mappings(section.mappings, interface, sources, where)


def _length_faults(used: EvaluatorDataset, run: RunDataset, where: str) -> Iterator[Fault]:
    lines, wanted = (used.dataset or run.dataset).count(), run.dataset.count()
    if lines < wanted:  # further lines are ignored, as in promptflow
        allowed = f"allowed: {wanted} at least, as {run.name!r} has, for lines pair by position"
        yield Fault(where=where, seen=f"{lines} lines", allowed=allowed)
