"""Whether approvals hold: asked when they are made, at registration, and again at deployment."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

from llmops.canonical import canonical
from llmops.domain.approval import Approval, Approved, Claim, approval_of
from llmops.errors import ApprovalError
from llmops.signing import is_signed, load_public_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.approvers import Approvers, Rule
    from llmops.domain.ledger import LedgerRecord, Verified
    from llmops.store import Bundle

_VERDICTS: Final = {"approval": "approve", "rejection": "reject"}


def approval_bytes(approval: Approval) -> bytes:
    """Return exactly what a reviewer signs."""
    return canonical(asdict(approval))


def author_of(manifest: Mapping[str, object]) -> str:
    """Return who made the run; empty where nobody is named."""
    return str(manifest.get("author") or "")


def unsigned_faults(approval: Approval, approvers: Approvers, author: str) -> Iterator[str]:
    """Yield what forbids this statement, whoever signed it; times are those of its making."""
    if approval.verdict == "reject":  # anyone who reviews may; it holds everywhere and for good
        if approvers.reviewer(approval.reviewer) is None:
            yield f"unknown reviewer {approval.reviewer!r} in {approvers.label}"
        return
    rule = approvers.rule(approval.environment)
    if rule is None:
        yield _no_environment(approval.environment, approvers)
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


def _no_environment(name: str, approvers: Approvers) -> str:
    known = ", ".join(approvers.environments)
    return f"wrong scope: no environment {name!r}; allowed: {known}"


def _time_faults(approval: Approval, rule: Rule) -> Iterator[str]:
    if approval.ends <= approval.made:
        yield "expired: it ends before it begins"
    elif (approval.ends - approval.made).total_seconds() > (rule.max_days + 1) * 86400:
        yield f"it would hold longer than the {rule.max_days} days of {approval.environment}"


def require_approval(
    claim: Claim, verified: Verified, approvers: Approvers, evidence: Bundle, author: str
) -> Approved:
    """Return what is allowed by enough valid approvals.

    Raises:
        ApprovalError: with every reason why there are not enough.
    """
    if verified.breaks:
        raise ApprovalError("\n".join(map(str, verified.breaks)))
    rule = approvers.rule(claim.environment)
    if rule is None:
        raise ApprovalError(_no_environment(claim.environment, approvers))
    refusals: list[str] = []
    valid: dict[str, tuple[Approval, LedgerRecord]] = {}
    rejected: datetime | None = None
    for approval, entry in _stated(verified, claim.run):
        where = f"the {entry.kind} of {approval.reviewer} (record {entry.sequence})"
        faults = list(signature_faults(approval, entry, approvers))
        if approval.verdict == "reject" and not faults:
            valid.clear()
            refusals = [f"{where}: the run was rejected: {approval.reason}"]
            rejected = max(rejected or approval.made, approval.made)
            continue
        faults += unsigned_faults(approval, approvers, author)
        faults += _claim_faults(approval, claim, approvers)
        if rejected and approval.made <= rejected:  # the same text again, or moved lines
            faults.append("it was made before the run was rejected")
        if approval.evidence != evidence.digest:
            changes = ", ".join(_changes(verified, approval.evidence, evidence))
            faults.append(f"other digest: {changes or 'the evidence is not what was approved'}")
        refusals += [f"{where}: {fault}" for fault in faults]
        if not faults:
            valid[approval.reviewer] = approval, entry
    if len(valid) < rule.required:
        said = f"{len(valid)} of {rule.required} approvals for {claim.environment}"
        raise ApprovalError("\n".join([f"{claim.run}: {said}", *refusals]))
    return _approved(claim, evidence, [*valid.values()])


def _stated(verified: Verified, run: str) -> Iterator[tuple[Approval, LedgerRecord]]:
    """Yield what was decided about a run, in order.

    Raises:
        ApprovalError: when a decision cannot be read: it may be the rejection of this run.
    """
    for entry in verified.records:
        approval = approval_in(entry)
        if approval is None and entry.kind in _VERDICTS:
            raise ApprovalError(f"record {entry.sequence}: edited: no {entry.kind} can be read")
        if approval and approval.run == run:
            yield approval, entry


def approval_in(entry: LedgerRecord) -> Approval | None:
    """Return the decision that the record is; None for other records, and where it has no form."""
    approval = approval_of(entry.body) if entry.kind in _VERDICTS else None
    return approval if approval and approval.verdict == _VERDICTS[entry.kind] else None


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


def require_evidence(run: str, verified: Verified, evidence: Bundle) -> None:
    """Refuse a run whose files nobody approved, before any of them is read.

    Raises:
        ApprovalError: naming what differs from what was approved last.
    """
    if verified.breaks:
        raise ApprovalError("\n".join(map(str, verified.breaks)))
    approvals = [each for each, _ in _stated(verified, run) if each.verdict == "approve"]
    if approvals and all(each.evidence != evidence.digest for each in approvals):
        changes = ", ".join(_changes(verified, approvals[-1].evidence, evidence))
        raise ApprovalError(f"{run}: other digest: {changes or 'it is not what was approved'}")


def _changes(verified: Verified, approved: str, evidence: Bundle) -> tuple[str, ...]:
    """Return the files that differ from the approved ones, as the ledger lists them."""
    for entry in verified.records:
        if entry.kind == "run" and entry.body.get("evidence") == approved:
            files = cast("Mapping[str, Mapping[str, object]]", entry.body["files"])
            return evidence.changes_since(files)
    return ()


def _claim_faults(approval: Approval, claim: Claim, approvers: Approvers) -> Iterator[str]:
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


def _approved(
    claim: Claim, evidence: Bundle, valid: Sequence[tuple[Approval, LedgerRecord]]
) -> Approved:
    accepted = set(valid[0][0].acknowledged)
    accepted.intersection_update(*(approval.acknowledged for approval, _ in valid))
    return Approved(
        run=claim.run,
        evidence=evidence.digest,
        configuration=claim.configuration,
        environment=claim.environment,
        max_traffic=min(approval.max_traffic for approval, _ in valid),
        until=min(approval.expires for approval, _ in valid),
        reviewers=tuple(sorted(approval.reviewer for approval, _ in valid)),
        records=tuple(entry.hash for _, entry in valid),
        acknowledged=tuple(sorted(accepted)),
    )
