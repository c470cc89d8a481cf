"""How an experiment says what it is judged by: the sections that make an `Analysis`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from llmops.domain import analysis as plan
from llmops.experiment.section import Amount, Count, Name, Section, shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.experiment.model import ExperimentFile

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class Objective(Section):
    """The number that decides which configuration is best."""

    metric: Name
    """`<metric>` or `<evaluator>.<metric>`."""
    direction: plan.Direction = "maximize"
    margin: Positive | None = None
    """The largest difference that does not matter, in the metric's unit: makes `equivalent` a
    possible outcome."""


class Guardrail(Section):
    """A metric that the winner must not make worse."""

    metric: Name
    direction: plan.Direction = "maximize"
    margin: Amount = 0
    """How much worse is accepted, in the metric's unit. Above 0 it has to be shown
    (non-inferiority); 0 means: not significantly worse."""


class Limits(Section):
    """What a configuration may take at most to be chosen."""

    cost_per_line: Amount | None = None
    p95_seconds: Amount | None = None


class Gate(Section):
    """A condition of release: one of `at_least`, `at_most` and `max_drop`."""

    metric: Name
    """A metric, or error_rate, missing_rate, p95_seconds, cost_per_line."""
    at_least: float | None = None
    at_most: float | None = None
    max_drop: Amount | None = None
    """How much worse than `against` it may be, in the metric's unit."""
    against: Literal["baseline", "deployed"] = "baseline"
    direction: plan.Direction | None = None
    """What worse means for `max_drop`. Default: the objective's or guardrail's of that metric."""
    dataset: str = ""
    """Default: each dataset."""
    slice: str = ""
    """A data column: the worst of its values counts."""
    min_lines: Count = 20
    """Values of `slice` with fewer lines do not count."""

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        stated = [self.at_least, self.at_most, self.max_drop]
        if sum(each is not None for each in stated) != 1:
            message = "state exactly one of at_least, at_most and max_drop"
            raise ValueError(message)
        return self


class Holdout(Section):
    """Lines on which the choice is confirmed: those with a value in a column, or a share."""

    column: str = ""
    values: tuple[str, ...] = ()
    share: Share | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.column and self.values) == (self.share is not None):
            message = "state either column and values, or share"
            raise ValueError(message)
        return self


class Labels(Section):
    """Right and given answers, for a confusion matrix."""

    expected: Name
    """A data column."""
    predicted: Name
    """An output of the flow."""


class Racing(Section):
    """Lines run in batches and a variant that is shown to be hopeless stops."""

    kind: Literal["racing"] = "racing"
    batch: Count = 20
    """Lines between two looks."""
    low: float = 0.0
    """The least value that the objective can have on a line."""
    high: float = 1.0
    """The greatest."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            message = "low must be less than high"
            raise ValueError(message)
        return self


def _long_search(value: object) -> object:
    return {"kind": "racing"} if value == "racing" else value


Search = Annotated[
    Annotated[Literal["all"], Tag("word")] | Annotated[Racing, Tag("mapping")],
    Discriminator(lambda value: "word" if shape(value) == "word" else "mapping"),
    BeforeValidator(_long_search, json_schema_input_type=Literal["all", "racing"] | Racing),
]


class Statistics(Section):
    """How lines are counted and tested."""

    confidence: Share = 0.95
    """Of every interval, and of the whole family of tests."""
    metrics: tuple[Name, ...] = ()
    """Further metrics to test against the baseline, corrected together with the others."""
    group: str = ""
    """A data column: lines with equal values are not independent, e.g. of one customer."""
    slices: tuple[Name, ...] = ()
    """Data columns whose values are looked at one by one."""
    prefer: plan.Preference = "cost"
    """Among equals."""
    holdout: Holdout | None = None
    labels: Labels | None = None


def analysis_of(file: ExperimentFile) -> plan.Analysis:
    """Return the analysis plan that the file states."""
    objective, statistics = file.objective, file.statistics
    directions: dict[str, plan.Direction] = {
        each.metric: each.direction for each in (*file.guardrails, objective) if each
    }
    return plan.Analysis(
        objective=plan.Objective(**objective.model_dump()) if objective else None,
        guardrails=tuple(plan.Guardrail(**each.model_dump()) for each in file.guardrails),
        metrics=statistics.metrics,
        limits=plan.Limits(**file.limits.model_dump()),
        gates=tuple(_gate(each, directions) for each in file.gates),
        prefer=statistics.prefer,
        confidence=statistics.confidence,
        group=statistics.group,
        slices=statistics.slices,
        holdout=plan.Split(**statistics.holdout.model_dump()) if statistics.holdout else None,
        labels=plan.Labels(**statistics.labels.model_dump()) if statistics.labels else None,
        racing=plan.Racing(**file.search.model_dump(exclude={"kind"}))
        if isinstance(file.search, Racing)
        else None,
    )


def _gate(gate: Gate, directions: Mapping[str, plan.Direction]) -> plan.Gate:
    direction = gate.direction or directions.get(gate.metric, _usual(gate.metric))
    fields: dict[str, Any] = {**gate.model_dump(), "direction": direction}
    return plan.Gate(**fields)


def _usual(metric: str) -> plan.Direction:
    """Less is better for what lines take; more for everything else."""
    return "minimize" if metric in plan.OPERATIONAL else "maximize"
