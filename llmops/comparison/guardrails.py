"""Whether each configuration keeps each guardrail on each dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison.effects import NOT_JUDGED
from llmops.comparison.wording import amount, better_by, counted, p_value
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
    size = better_by(effect.improvement or 0.0, effect.kind)
    lines = counted(effect.pairs, "line")
    if effect.margin is None:
        shown = "" if effect.finding == "worse" else ", not shown to be worse"
        return f"{subject} is {size}{shown} ({lines}, {p_value(effect.p_adjusted)})"
    allowed = f"less than {amount(effect.margin, effect.kind)} worse"
    if effect.p_margin is None:
        return f"{subject} is {size} ({lines}, all of one group); {allowed} is not shown"
    if (effect.improvement or 0.0) <= -effect.margin:
        return f"{subject} is {size} ({lines}); {allowed} is allowed"
    shown = "is shown" if effect.p_margin <= level else "is not shown"
    tested = f"{p_value(effect.p_margin)}, needed {level:.2g}"
    return f"{subject} is {size} ({lines}); {allowed} {shown} ({tested})"
