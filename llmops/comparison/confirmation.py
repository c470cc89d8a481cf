"""Whether held-out lines agree with a choice that other lines made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.comparison.effects import effects_of
from llmops.comparison.pairing import pooled_improvements
from llmops.statistics import equivalence

if TYPE_CHECKING:
    from llmops.comparison.criteria import Criterion
    from llmops.comparison.scores import Scores
    from llmops.domain.comparison import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The one-sided test that the chosen one is better on held-out lines of all datasets pooled.

    `improvement` and `p` are None where no held-out line has a score from both.
    """

    effects: tuple[Effect, ...]
    lines: int
    improvement: float | None
    p: float | None


def confirm(
    held_out: Scores, objective: Criterion, configuration: str, confidence: float
) -> Confirmation:
    """Test one configuration, chosen without these lines: there is nothing to correct."""
    baseline = held_out.baseline or ""
    pooled, groups = pooled_improvements(held_out, objective, baseline, configuration)
    return Confirmation(
        effects=effects_of(
            held_out, [objective], confidence=confidence, configurations=[configuration]
        ),
        lines=pooled.size,
        improvement=float(pooled.mean()) if pooled.size else None,
        p=equivalence.non_inferiority(pooled, groups, 0.0),
    )
