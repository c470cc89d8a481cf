"""Guardrails and gates in one list: what is not met comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.comparison.wording import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Comparison, Effect
    from llmops.domain.gate import GateResult, GateStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition; `configuration` is empty where nothing is to be released."""

    sort: str
    configuration: str
    status: GateStatus
    subject: str
    dataset: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The conditions of the configuration to be released, and those of the others."""

    own: tuple[Check, ...]
    others: tuple[Check, ...]


def checks_of(comparison: Comparison, gates: Sequence[GateResult]) -> Checks | None:
    """Return all of them; None where nothing is asked for."""
    if not gates and not comparison.guardrails:
        return None
    released = comparison.decision.configuration or ""
    allowed = {each.metric: _allowed(each) for each in comparison.effects}
    guardrails = [
        Check(
            sort="Guardrail",
            configuration=check.configuration,
            status="met" if check.kept else "unmet",
            subject=allowed.get(check.metric, check.metric),
            dataset=check.dataset,
            sentence=check.sentence,
        )
        for check in comparison.guardrails
    ]
    own = [check for check in guardrails if check.configuration == released]
    return Checks(
        own=_unmet_first([*(_gate(gate, released) for gate in gates), *own]),
        others=_unmet_first([check for check in guardrails if check.configuration != released]),
    )


def _gate(gate: GateResult, released: str) -> Check:
    return Check(
        sort="Gate",
        configuration=released,
        status=gate.status,
        subject=gate.wanted,
        dataset=gate.dataset,
        sentence=gate.sentence,
    )


def _allowed(effect: Effect) -> str:
    if not effect.margin:
        return f"{effect.metric} not shown to be worse"
    return f"{effect.metric} less than {amount(effect.margin, effect.kind)} worse"


def _unmet_first(checks: Sequence[Check]) -> tuple[Check, ...]:
    order = ("unmet", "not applicable", "met")
    return tuple(sorted(checks, key=lambda check: order.index(check.status)))
