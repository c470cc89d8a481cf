"""The section `monitor:` of a deployment file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from llmops.experiment.model import Budget
from llmops.experiment.section import Count, Name, Section
from llmops.notifiers import AnyNotifier

Share = Annotated[float, Field(gt=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=1)]


class ProductionEvaluator(Section):
    """An evaluator of the experiment, with where its inputs are in production."""

    name: Name
    mappings: dict[str, object] = Field(default_factory=dict[str, object])
    """Evaluator input: `${data.<flow input>}`, `${run.outputs.<name>}`, `${feedback.<field>}` or
    a literal. A request without the feedback that a mapping names is not judged."""


class DriftSection(Section):
    """How inputs and outputs are held against the evaluation data."""

    level: Level = 0.05
    """The chance of any false warning at one look."""
    at_least: Annotated[float, Field(ge=0)] = 0.1
    """The population stability index from which a difference matters; 0.25 is a large one."""
    sample: Count = 1000
    """The most requests, and lines, that are held against each other."""
    ignore: tuple[Name, ...] = ()
    """Inputs and outputs not to look at, such as an id."""


class MonitorSection(Section):
    """What is watched after a release, and who is told."""

    evaluators: tuple[ProductionEvaluator, ...] | None = None
    """Default: those of the experiment that need nothing but the flow's inputs and outputs."""
    sample: Share = 1.0
    """The share of the logged requests that evaluators judge; the same requests at every look."""
    budget: Budget = Budget()
    """What evaluators may spend at one look; what they do not reach is left for the next."""
    confidence: Level = 0.95
    """Of everything that is shown, over all looks at one traffic split together."""
    unit: str = ""
    """A flow input, such as a customer's id: requests with equal values are not independent."""
    ratio_level: Level = 0.001
    """The chance that a right traffic split is ever called broken."""
    drift: DriftSection = DriftSection()
    notify: tuple[AnyNotifier, ...] = ()
    """Who is told when the proposal changes."""
