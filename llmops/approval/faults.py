"""What is wrong with one reviewer's word: who signed, what it covers, how long it holds."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llmops.canonical import canonical
from llmops.signing import is_signed, load_public_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmops.approvers import Approvers, Rule
    from llmops.domain.approval import Approval, Claim
    from llmops.domain.ledger import LedgerRecord


def approval_bytes(approval: Approval) -> bytes:
    """Return exactly what a reviewer signs."""
    return canonical(asdict(approval))


def unsigned_faults(approval: Approval, approvers: Approvers, author: str) -> Iterator[str]:
    """Yield what forbids this statement, whoever signed it; times are those of its making."""
    if approval.verdict == "reject":  # anyone who reviews may; it holds everywhere and for good
        if approvers.reviewer(approval.reviewer) is None:
            yield f"unknown reviewer {approval.reviewer!r} in {approvers.label}"
        return
    rule = approvers.rule(approval.environment)
    if rule is None:
        yield no_environment(approval.environment, approvers)
        return
    reviewer = approvers.reviewer(approval.reviewer)
    if reviewer is None:
        yield f"unknown reviewer {approval.reviewer!r} in {approvers.label}"
        return
    if rule.reviewers and reviewer.name not in rule.reviewers:
        yield f"wrong scope: {reviewer.name!r} does not review for {approval.environment}"
    if not rule.allow_author and not author:
        yield "the run names no author; set git's user.email and run again"
    elif not rule.allow_author and reviewer.is_author(author):
        yield f"self-made: {reviewer.name!r} is the author of the run"
    if not 0 <= approval.max_traffic <= rule.max_traffic:
        seen = f"wrong scope: {approval.max_traffic:g} % of traffic"
        yield f"{seen}; {approval.environment} allows 0 to {rule.max_traffic:g} %"
    yield from _time_faults(approval, rule)


def no_environment(name: str, approvers: Approvers) -> str:
    """Return that there are no rules for an environment."""
    known = ", ".join(approvers.environments)
    return f"wrong scope: no environment {name!r}; allowed: {known}"


def _time_faults(approval: Approval, rule: Rule) -> Iterator[str]:
    if approval.ends <= approval.made:
        yield "expired: it ends before it begins"
    elif (approval.ends - approval.made).total_seconds() > (rule.max_days + 1) * 86400:
        yield f"it would hold longer than the {rule.max_days} days of {approval.environment}"


def signature_faults(
    approval: Approval, entry: LedgerRecord, approvers: Approvers
) -> Iterator[str]:
    """Yield what is wrong with who signed."""
    reviewer = approvers.reviewer(approval.reviewer)
    if reviewer is None:
        yield f"unknown reviewer {approval.reviewer!r} in {approvers.label}"
    elif not is_signed(load_public_key(reviewer.key), approval_bytes(approval), entry.signature):
        yield f"wrong signature: it is not that of {reviewer.name!r}"
    elif entry.actor != reviewer.name:
        yield f"edited: {reviewer.name!r} signed it, and the record says {entry.actor!r}"


def claim_faults(approval: Approval, claim: Claim, approvers: Approvers) -> Iterator[str]:
    """Yield why this word does not cover what somebody wants to do now."""
    now = datetime.now(UTC)
    if approval.ends <= now:
        yield f"expired: at {approval.expires}"
    if approval.made > now:
        yield f"not valid yet: it was made for {approval.created}"
    if approval.environment != claim.environment:
        yield f"wrong scope: it is for {approval.environment}, not {claim.environment}"
    if not 0 <= claim.max_traffic <= approval.max_traffic:
        share = f"{claim.max_traffic:g} % of traffic"
        yield f"wrong scope: it allows {approval.max_traffic:g} %, not {share}"
    if approval.configuration != claim.configuration:
        yield f"wrong scope: it is for the configuration {approval.label}"
    if approval.rules != approvers.digest:
        yield f"{approvers.label} has changed since"
