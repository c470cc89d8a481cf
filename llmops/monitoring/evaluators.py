"""Which of an experiment's evaluators can judge production, and where their inputs are there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops.domain.flow import REQUIRED
from llmops.errors import ConfigError, Fault
from llmops.experiment.mappings import compile_mappings, complete_mappings, reference
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from llmops.deployment.monitoring import ProductionEvaluator
    from llmops.experiment import Evaluator, Experiment
    from llmops.experiment.mappings import InputsOf

    Raw = Mapping[str, object]

_FEEDBACK: Final = re.compile(r"\$\{feedback\.([^{}]+)\}")
_COLUMN: Final = "${line."
"""How a reference begins to what the evaluation data has beside the flow's inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionJudge:
    """An evaluator with its inputs mapped; it judges only requests that have this feedback."""

    evaluator: Evaluator
    inputs: InputsOf
    feedback: frozenset[str]

    def row(self, inputs: Raw, feedback: Raw) -> Raw | None:
        """Return what `${data...}` reads; None for a request without the feedback."""
        if not self.feedback <= feedback.keys():
            return None
        return {**inputs, **{f"feedback.{name}": feedback[name] for name in self.feedback}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What production has: the release's inputs and outputs."""

    inputs: Collection[str]
    outputs: Collection[str]


def judges_of(
    experiment: Experiment,
    stated: Sequence[ProductionEvaluator] | None,
    served: Interface,
    label: str,
) -> tuple[tuple[ProductionJudge, ...], tuple[str, ...]]:
    """Return who judges, and a note for each evaluator that cannot without being told how.

    Raises:
        ConfigError: with every stated evaluator or mapping that leads nowhere.
    """
    if stated is None:
        return _usual(experiment, served)
    by_name = {each.name: each for each in experiment.evaluators}
    faults: list[Fault] = []
    judges: list[ProductionJudge] = []
    for section in stated:
        where = f"{label}: monitor.evaluators.{section.name}"
        evaluator = by_name.get(section.name)
        if evaluator is None:
            allowed = f"allowed: {', '.join(by_name)}" if by_name else "the experiment has none"
            hint = nearest(section.name, by_name)
            fault = Fault(where=where, seen="no such evaluator", allowed=allowed, next_step=hint)
            faults.append(fault)
            continue
        mappings = _completed(evaluator, section.mappings, served)
        faults.extend(_faults(evaluator, mappings, served, where))
        judges.append(_judge(evaluator, mappings, served))
    if faults:
        raise ConfigError(faults)
    return tuple(judges), ()


def _usual(
    experiment: Experiment, served: Interface
) -> tuple[tuple[ProductionJudge, ...], tuple[str, ...]]:
    """Take each evaluator as the experiment maps it, where production has all that it needs."""
    judges: list[ProductionJudge] = []
    notes: list[str] = []
    for evaluator in experiment.evaluators:
        mappings = _translated(experiment, evaluator)
        faults = [*_faults(evaluator, _completed(evaluator, mappings, served), served, "")]
        if faults:
            reasons = "; ".join(fault.seen for fault in faults)
            step = "state its mappings in monitor.evaluators to judge by feedback"
            notes.append(f"{evaluator.name} does not judge production: {reasons}; {step}")
        else:
            judges.append(_judge(evaluator, _completed(evaluator, mappings, served), served))
    return tuple(judges), tuple(notes)


def _translated(experiment: Experiment, evaluator: Evaluator) -> dict[str, object]:
    """Return the evaluator's mappings, with columns of the data as the flow's inputs they feed."""
    name, judged = next(iter(evaluator.datasets.items()))
    used = next(each for each in experiment.datasets if each.name == name)
    own = judged.dataset or used.dataset
    interface = evaluator.flow.interface()
    mappings = complete_mappings(judged.mappings, interface.inputs, own.columns())
    if judged.dataset is not None:  # labels of its own, line by line
        return mappings
    flow_inputs = experiment.flow.interface().inputs
    fed = complete_mappings(used.mappings, flow_inputs, used.dataset.columns())
    inputs = {value: f"${{data.{name}}}" for name, value in fed.items() if isinstance(value, str)}
    return {
        name: inputs.get(value, value.replace("${data.", _COLUMN))
        if isinstance(value, str) and value.startswith("${data.")
        else value
        for name, value in mappings.items()
    }


def _completed(evaluator: Evaluator, mappings: Raw, served: Interface) -> dict[str, object]:
    return complete_mappings(mappings, evaluator.flow.interface().inputs, served.inputs)


def _faults(evaluator: Evaluator, mappings: Raw, served: Interface, where: str) -> Iterator[Fault]:
    """Yield what the mappings want and production does not have, and inputs without a mapping."""
    sources = {
        "data": (served.inputs, "input"),
        "run.inputs": (served.inputs, "input"),
        "run.outputs": (served.outputs, "output"),
    }
    for name, value in mappings.items():
        found = None if _feedback_of(value) else reference(value)
        if found is None:
            continue
        known, kind = sources.get(found.source, ((), "value"))
        if found.name not in known:
            seen = f"{name} is {value}, and the flow has no such {kind}"
            if str(value).startswith(_COLUMN):
                column = str(value).removeprefix(_COLUMN).removesuffix("}")
                seen = f"{name} is the column {column}, which only the evaluation data has"
            yield Fault(
                where=f"{where}.mappings.{name}",
                seen=seen,
                allowed=f"allowed: {', '.join(known)}, or ${{feedback.<field>}}",
                next_step=nearest(found.name, known),
            )
    for each in evaluator.flow.interface().inputs:
        if each.default is REQUIRED and each.name not in mappings:
            seen = f"the input {each.name} has no mapping"
            yield Fault(where=f"{where}.mappings", seen=seen, allowed="it has no default")


def _judge(evaluator: Evaluator, mappings: Raw, served: Interface) -> ProductionJudge:
    fields = {name: _feedback_of(value) for name, value in mappings.items()}
    rewritten = {
        name: f"${{data.feedback.{field}}}" if (field := fields[name]) else value
        for name, value in mappings.items()
    }
    interface = evaluator.flow.interface()
    return ProductionJudge(
        evaluator=evaluator,
        inputs=compile_mappings(rewritten, interface.inputs, served.inputs),
        feedback=frozenset(filter(None, fields.values())),
    )


def _feedback_of(value: object) -> str:
    """Return the field of `${feedback.<field>}`; empty for anything else."""
    match = _FEEDBACK.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else ""
