"""Whether monitoring has proposed the step that somebody wants to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops import ledger
from llmops.errors import GateError

if TYPE_CHECKING:
    from llmops.domain.endpoint_history import Recorded
    from llmops.domain.ledger import LedgerRecord
    from llmops.rollout.endpoint import Endpoint


def require_proposed(endpoint: Endpoint, latest: Recorded, name: str, percent: int) -> None:
    """Refuse a share above the one that the last look at this split proposed.

    A plan that asks for nothing but time needs no look.

    Raises:
        GateError: saying what monitoring said instead.
    """
    plan = endpoint.file.traffic
    if not (plan.must_hold or plan.rollback_when or plan.bake_requests):
        return
    looks = [
        entry
        for entry in ledger.verify(endpoint.project).records
        if entry.kind == "monitor"
        and entry.sequence > latest.sequence
        and entry.body["endpoint"] == endpoint.label
    ]
    if fault := _fault(looks[-1] if looks else None, name, percent):
        raise GateError(f"{endpoint.label}: {fault}; llmops monitor, or --anyway REASON goes on")


def _fault(look: LedgerRecord | None, name: str, percent: int) -> str:
    if look is None:
        return "the plan has conditions, and nobody has looked since the last change"
    body = look.body
    if body["action"] != "next step" or body["candidate"] != name:
        return str(body["sentence"])
    proposed = body["percent"]
    if not isinstance(proposed, int) or percent > proposed:
        return f"{proposed} % is proposed for {name}, not {percent} %"
    return ""
