"""What a decision rests on, and what it looks for in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.comparison.effects import NOT_JUDGED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.comparison.criteria import Criterion
    from llmops.comparison.scores import Scores
    from llmops.domain.analysis import Analysis
    from llmops.domain.comparison import Effect, GuardrailCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """What people call a configuration and what it takes; None: not known.

    `mean` is the objective's mean over the datasets, for whom no number per line tells it.
    """

    name: str
    cost_per_line: float | None = None
    p95_seconds: float | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that decides.

    `scores` are those of the lines that choose, `held_out` those kept apart to confirm.
    `margin_level` is the p-value that a test against a margin needs.
    """

    analysis: Analysis
    scores: Scores
    held_out: Scores
    objective: Criterion
    contenders: Mapping[str, Contender]
    margin_level: float
    effects: tuple[Effect, ...]
    guardrails: tuple[GuardrailCheck, ...]

    def name(self, configuration: str) -> str:
        """Return what people call it."""
        return self.contenders[configuration].name

    def line_count(self, dataset: str) -> int:
        """Return the lines of a dataset that choose."""
        return next(len(each.lines) for each in self.scores.datasets if each.dataset == dataset)

    def taken(self, configuration: str) -> float | None:
        """Return its cost or its latency, whichever decides among equals; None: not known."""
        contender = self.contenders[configuration]
        by_cost = self.analysis.prefer == "cost"
        return contender.cost_per_line if by_cost else contender.p95_seconds

    def objective_effects(self, configuration: str) -> tuple[Effect, ...]:
        """Return its effects on the objective, on every dataset that has the objective."""
        return tuple(
            effect
            for effect in self.effects
            if effect.configuration == configuration
            and effect.role == "objective"
            and effect.reason != NOT_JUDGED
        )
