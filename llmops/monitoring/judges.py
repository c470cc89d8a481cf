"""The evaluators of production, loaded, and what there is to ask them of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.domain.configuration import Configuration
from llmops.monitoring.production import request_at
from llmops.monitoring.verdicts import evaluator_identity, verdict_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.flow import Step
    from llmops.experiment import Experiment
    from llmops.monitoring.evaluators import ProductionJudge
    from llmops.monitoring.observed import Logged

    Raw = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One evaluator's word on one request that is not known yet, or is: `key` tells."""

    key: str
    judge: ProductionJudge
    row: Raw
    outputs: Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The evaluators, ready; `identities` by evaluator's name."""

    judges: Sequence[ProductionJudge]
    steps: Mapping[str, Step]
    identities: Mapping[str, str]

    def wanted(self, logged: Logged, feedback: Raw) -> Iterator[Wanted]:
        """Yield what there is to say of a request; nothing when its file is gone."""
        request = request_at(logged.place)
        if request is None:
            return
        for judge in self.judges:
            row = judge.row(request.inputs, feedback)
            if row is None:
                continue
            name = judge.evaluator.name
            inputs = judge.inputs(row, request.outputs, request.inputs)
            key = verdict_key(self.identities[name], request.id, inputs)
            yield Wanted(key=key, judge=judge, row=row, outputs=request.outputs)


def prepare(experiment: Experiment, judges: Sequence[ProductionJudge]) -> Judging:
    """Load the evaluators' code.

    Raises:
        ConfigError: when a source or a tool cannot be used.
    """
    who = {each.name: each.identity for each in experiment.connections}
    used = {each.evaluator.name: each.evaluator for each in judges}
    return Judging(
        judges=judges,
        steps={name: each.flow.configure(Configuration()) for name, each in used.items()},
        identities={
            name: evaluator_identity(
                name,
                each.flow.digest(),
                each.repeats,
                [who.get(connection, "") for connection in each.flow.interface().connections],
            )
            for name, each in used.items()
        },
    )
