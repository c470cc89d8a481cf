"""What a run would do and cost, before anything is paid."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops.domain.call import Usage
from llmops.domain.configuration import Configuration
from llmops.domain.run import Trial
from llmops.errors import ConfigError, Fault
from llmops.experiment.configurations import select_configurations
from llmops.sensitivity import sensitivities
from llmops.spending import price_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from llmops.domain.call import Connection
    from llmops.domain.flow import NodeCall
    from llmops.experiment import Experiment, RunDataset
    from llmops.sensitivity import Sensitivity

CHARACTERS_PER_TOKEN: Final = 4
DEFAULT_ANSWER_TOKENS: Final = 256
"""Where a node sets no `max_tokens`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCalls:
    """The calls of one node's model on one dataset, all lines and repeats.

    `flow` is the flow's or the evaluator's name. `naive` counts every configuration alone, `shared`
    a node once for all that agree on it and on its upstream. `usage` and `cost` are estimates of
    what will be paid; `cost` is None without a price.
    """

    dataset: str
    flow: str
    node: str
    connection: str
    model: str
    naive: int
    shared: int
    usage: Usage
    cost: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The trials of a run; `lines` counts those that will run, by dataset.

    `baseline` is None where the selection leaves it out. `share` is the executor's setting.
    `sensitivities` are empty where nothing is compared with the baseline.
    """

    configurations: tuple[Configuration, ...]
    baseline: Configuration | None
    trials: tuple[Trial, ...]
    lines: Mapping[str, int]
    repeats: int
    share: bool
    calls: tuple[PlannedCalls, ...]
    sensitivities: tuple[Sensitivity, ...]

    @property
    def naive_calls(self) -> int:
        """Return the calls if nothing were shared."""
        return sum(each.naive for each in self.calls)

    @property
    def shared_calls(self) -> int:
        """Return the calls with sharing; an upper bound, as nodes may be bypassed."""
        return sum(each.shared for each in self.calls)

    @property
    def usage(self) -> Usage:
        """Return the estimated tokens."""
        return sum((each.usage for each in self.calls), Usage())

    @property
    def cost(self) -> float | None:
        """Return the estimated cost; None when any model has no price."""
        costs = [each.cost for each in self.calls]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None


def plan(experiment: Experiment, *, select: Sequence[str] = (), limit: int | None = None) -> Plan:
    """Return the plan for the selected configurations and the first `limit` lines of each dataset.

    Raises:
        ConfigError: when a selection matches nothing, or leaves a race without the baseline.
    """
    configurations = select_configurations(experiment.configurations, select)
    baseline = experiment.baseline if experiment.baseline in configurations else None
    if experiment.analysis.racing and baseline is None:
        seen = "the selection leaves out the baseline, against which the others race"
        step = f"add --select {experiment.baseline.label}, or --set search=all"
        raise ConfigError([Fault(where="--select", seen=seen, next_step=step)])
    lines = {used.name: used.count(limit) for used in experiment.datasets}
    return Plan(
        configurations=configurations,
        baseline=baseline,
        trials=tuple(
            Trial(configuration=configuration, dataset=used.name, repeat=repeat)
            for used in experiment.datasets
            for repeat in range(experiment.repeats)
            for configuration in configurations
        ),
        lines=lines,
        repeats=experiment.repeats,
        share=experiment.executor.share,
        calls=tuple(_calls(experiment, configurations, lines)),
        sensitivities=sensitivities(experiment, configurations, lines),
    )


@dataclass(frozen=True, slots=True)
class _Request:
    """A call and the choices its answer depends on; equal requests are sent once for a line."""

    call: NodeCall
    choices: frozenset[tuple[str, str]]


def _calls(
    experiment: Experiment, configurations: Sequence[Configuration], lines: Mapping[str, int]
) -> Iterator[PlannedCalls]:
    asked = [
        _Request(call, _choices(call, configuration))
        for configuration in configurations
        for call in experiment.flow.calls(configuration)
    ]
    for used in experiment.datasets:
        count = lines[used.name] * experiment.repeats
        yield from _counted(experiment, used, count, experiment.name, asked)
        for evaluator in experiment.evaluators:
            if used.name in evaluator.datasets:
                # Verdicts differ as the outputs they judge: none is counted as shared.
                judging = [
                    _Request(call, frozenset({("", configuration.id)}))
                    for configuration in configurations
                    for call in evaluator.flow.calls(Configuration())
                ]
                verdicts = count * evaluator.repeats
                yield from _counted(experiment, used, verdicts, evaluator.name, judging)


def _choices(call: NodeCall, configuration: Configuration) -> frozenset[tuple[str, str]]:
    """Return the choices of the node itself and of its upstream."""
    nodes = {call.node, *call.upstream, "init"}
    chosen = {**configuration.variants, **configuration.parameters}
    return frozenset(
        (name, repr(value)) for name, value in chosen.items() if name.partition(".")[0] in nodes
    )


def _counted(
    experiment: Experiment, used: RunDataset, count: int, flow: str, asked: Iterable[_Request]
) -> Iterator[PlannedCalls]:
    """Yield the calls by node, connection and model; `count` is lines times repeats."""
    known = {each.name: each for each in experiment.connections}
    groups: dict[tuple[str, str, str], list[_Request]] = defaultdict(list)
    for request in asked:
        call = request.call
        model = _model(call, known.get(call.connection))
        groups[call.node, call.connection, model].append(request)
    for (node, connection, model), group in groups.items():
        distinct = set(group)
        paid = distinct if experiment.executor.share else group
        characters = used.dataset.survey.mean_characters
        usage = sum((_usage(each.call, characters, count) for each in paid), Usage())
        price = price_of(model, experiment.prices)
        yield PlannedCalls(
            dataset=used.name,
            flow=flow,
            node=node,
            connection=connection,
            model=model,
            naive=len(group) * count,
            shared=len(distinct) * count,
            usage=usage,
            cost=price.of(usage) if price else None,
        )


def _model(call: NodeCall, connection: Connection | None) -> str:
    """Return the model that will answer; empty where only the provider knows it."""
    return connection.model_of(call.model) if connection else call.model


def _usage(call: NodeCall, data_characters: float, count: int) -> Usage:
    prompt = (len(call.prompt) + data_characters) / CHARACTERS_PER_TOKEN
    answer = DEFAULT_ANSWER_TOKENS if call.max_tokens is None else call.max_tokens
    return Usage(prompt_tokens=round(prompt * count), completion_tokens=answer * count)
