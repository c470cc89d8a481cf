"""The fields of `experiment.yaml`: Microsoft's template, and what goes beyond it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from llmops.connections import AnyConnection
from llmops.experiment.analysis import Gate, Guardrail, Limits, Objective, Search, Statistics
from llmops.experiment.matching import Matches
from llmops.experiment.section import Amount, Count, Name, Section, shape
from llmops.spending import Price


class DatasetSection(Section):
    """Data that the flow runs on."""

    name: Name
    source: Name
    """A .jsonl, .csv or .parquet file, beside this file or in the project's datasets/;
    or azureml:<name>:<version>."""
    description: str = ""
    mappings: dict[str, object] = Field(default_factory=dict[str, object])
    """Flow input: `${data.<column>}` or a literal. Default: columns of the same name."""


class EvaluatorDatasetSection(Section):
    """Data that an evaluator judges with."""

    name: Name
    """One of the datasets above, or a new name with `reference` and `source`."""
    reference: str = ""
    """The dataset above whose runs are judged; lines pair by position."""
    source: str = ""
    description: str = ""
    mappings: dict[str, object] = Field(default_factory=dict[str, object])
    """Evaluator input: `${data.<column>}`, `${run.outputs.<name>}`, `${run.inputs.<name>}`
    or a literal. Default: columns of the same name."""


class EvaluatorSection(Section):
    """A flow that judges the outputs of another."""

    name: Name
    flow: str = ""
    """Default: the evaluator's name."""
    datasets: tuple[EvaluatorDatasetSection, ...]
    repeats: Count = 1
    """Fresh verdicts on every line; the mean of their numbers is the score."""


Strategy = Annotated[
    Annotated[Literal["grid", "one_at_a_time"], Tag("word")]
    | Annotated[tuple[dict[str, str], ...], Field(min_length=1), Tag("list")],
    Discriminator(lambda value: "list" if shape(value) == "list" else "word"),
]


class Combinations(Section):
    """Which combinations of variants run."""

    strategy: Strategy = "grid"
    """`grid`: all. `one_at_a_time`: every variant of one node against the others' defaults.
    Or a list of {node: variant}; nodes left out take their default."""
    include: tuple[dict[str, object], ...] = ()
    """Keep only combinations that match one of these, e.g. {classify: few_shot}."""
    exclude: tuple[dict[str, object], ...] = ()
    """Drop combinations that match one of these."""


def _long_form(value: object) -> object:
    return value if shape(value) == "mapping" else {"strategy": value}


class Executor(Section):
    """Where and how trials run."""

    kind: Literal["local"] = "local"
    max_concurrency: Count = 16
    """Model calls in flight at most; adapts downwards when the provider throttles."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 120
    """Of one call."""
    attempts: Count = 6
    """Of one call, the first included."""
    retry_billed: bool = False
    """Also retry where the failed call may have been billed."""
    share: bool = True
    """Pay once for a node that several combinations have in common."""


class Budget(Section):
    """The run stops before it spends more."""

    calls: Annotated[int, Field(ge=0)] | None = None
    tokens: Annotated[int, Field(ge=0)] | None = None
    money: Amount | None = None


class PriceSection(Section):
    """What a model costs per million tokens."""

    input_per_million: Amount
    output_per_million: Amount
    cached_input_per_million: Amount | None = None

    def price(self) -> Price:
        """Return it as the run counts with it."""
        return Price(
            input=self.input_per_million,
            output=self.output_per_million,
            cached_input=self.cached_input_per_million,
        )


class ExperimentFile(Section):
    """An experiment of llmops."""

    name: Annotated[
        str,
        Matches(
            pattern=r"\w[\w. -]*",
            allowed="a letter or digit, then letters, digits, spaces and . _ -",
        ),
    ]
    flow: str = ""
    """A folder or file, beside this file, in its flows/ or in the project's flows/.
    Default: the experiment's name."""
    connections: tuple[AnyConnection, ...] = ()
    datasets: Annotated[tuple[DatasetSection, ...], Field(min_length=1)]
    evaluators: tuple[EvaluatorSection, ...] = ()
    runtime: str = ""
    """Accepted for the template's sake; nothing uses it."""
    combinations: Annotated[
        Combinations, BeforeValidator(_long_form, json_schema_input_type=Strategy | Combinations)
    ] = Combinations()
    parameters: dict[str, object] = Field(default_factory=dict[str, object])
    """`<node>.<input>` or `init.<argument>`: a value, or a list that multiplies the
    combinations."""
    repeats: Count = 1
    """Fresh samples of every line."""
    objective: Objective | None = None
    guardrails: tuple[Guardrail, ...] = ()
    limits: Limits = Limits()
    gates: tuple[Gate, ...] = ()
    statistics: Statistics = Statistics()
    search: Search = "all"
    """`all`: every combination on every line. `racing`: hopeless combinations stop early."""
    baseline: Annotated[
        Annotated[str, Tag("word")] | Annotated[dict[str, object], Tag("mapping")],
        Discriminator(lambda value: "mapping" if shape(value) == "mapping" else "word"),
    ] = ""
    """What the others are compared with, as {node: variant} or as its label.
    Default: the default variants and the first value of every parameter."""
    executor: Executor = Executor()
    budget: Budget = Budget()
    prices: dict[str, PriceSection] = Field(default_factory=dict[str, PriceSection])
    """By model or deployment name; a name also covers its dated versions."""
    currency: str = "USD"
