"""Whether each configuration keeps each guardrail on each dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison.effects import NOT_JUDGED
from llmops.comparison.wording import amount, better_by, lines, p_value
from llmops.domain.comparison import GuardrailCheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Effect


def check_guardrails(effects: Sequence[Effect], level: float) -> tuple[GuardrailCheck, ...]:
    """Return a check per configuration, dataset and guardrail, in the order of the effects.

    A margin asks for proof of non-inferiority at `level`. Without a margin a guardrail only stops
    what is shown to be worse after the family's correction.
    """
    return tuple(
        GuardrailCheck(
            configuration=effect.configuration,
            dataset=effect.dataset,
            metric=effect.metric,
            kept=_is_kept(effect, level),
            sentence=_sentence(effect, level),
        )
        for effect in effects
        if effect.role == "guardrail" and effect.reason != NOT_JUDGED
    )


def _is_kept(effect: Effect, level: float) -> bool:
    if effect.p is None:
        return False
    if effect.margin is None:
        return effect.finding != "worse"
    return effect.p_margin is not None and effect.p_margin <= level


def _sentence(effect: Effect, level: float) -> str:
    subject = f"{effect.metric} on {effect.dataset}"
    if effect.p is None or effect.p_adjusted is None:
        return f"{subject} can't be tested: {effect.reason}"
    seen = f"{better_by(effect.improvement or 0.0, effect.kind)} on {lines(effect.pairs)}"
    if effect.margin is None:
        verdict = "is worse" if effect.finding == "worse" else "is not shown to be worse"
        return f"{subject} {verdict}: {seen} ({p_value(effect.p_adjusted)})"
    subject += f": less than {amount(effect.margin, effect.kind)} worse is"
    if effect.p_margin is None:
        return f"{subject} not shown: {seen}, all of one group"
    shown = "shown" if effect.p_margin <= level else "not shown"
    return f"{subject} {shown}: {seen} ({p_value(effect.p_margin)}, needed {level:.2g})"
