"""From scores to a decision, on arrays alone: simulations run thousands of experiments here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.comparison.criteria import criteria_of, margin_level
from llmops.comparison.decision import decide, without_objective
from llmops.comparison.effects import effects_of
from llmops.comparison.evidence import Evidence
from llmops.comparison.guardrails import check_guardrails

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.comparison.criteria import Criterion
    from llmops.comparison.evidence import Contender
    from llmops.comparison.scores import Scores
    from llmops.domain.analysis import Analysis
    from llmops.domain.comparison import Decision, Effect, GuardrailCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was tested on which criteria, and what follows."""

    criteria: tuple[Criterion, ...]
    effects: tuple[Effect, ...]
    guardrails: tuple[GuardrailCheck, ...]
    confirmation: tuple[Effect, ...]
    decision: Decision


def reach_verdict(
    scores: Scores,
    analysis: Analysis,
    contenders: Mapping[str, Contender],
    reported: Sequence[str] = (),
) -> Verdict:
    """Test the whole family and decide; `reported` are all metrics of the run."""
    per_line = scores.metrics()
    criteria = criteria_of(analysis, per_line, reported)
    aggregated = frozenset(reported).difference(per_line)
    choosing = scores.side(held_out=False)
    effects = effects_of(choosing, criteria, confidence=analysis.confidence, aggregated=aggregated)
    level = margin_level(analysis.alpha, len(scores.variants))
    guardrails = check_guardrails(effects, level)
    decision, confirmation = without_objective(scores), ()
    if analysis.objective:
        decision, confirmation = decide(
            Evidence(
                analysis=analysis,
                scores=choosing,
                held_out=scores.side(held_out=True),
                objective=criteria[0],
                contenders=contenders,
                margin_level=level,
                effects=effects,
                guardrails=guardrails,
            )
        )
    return Verdict(
        criteria=criteria,
        effects=effects,
        guardrails=guardrails,
        confirmation=confirmation,
        decision=decision,
    )
