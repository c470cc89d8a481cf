"""Whether approvals hold: asked when they are made, at registration, and again at deployment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from llmops.canonical import canonical
from llmops.domain.approval import Approval, Approved
from llmops.errors import ApprovalError
from llmops.signing import is_signed, load_public_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.approvers import Approvers
    from llmops.domain.ledger import LedgerRecord, Verified
    from llmops.store import Bundle


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
        known = ", ".join(approvers.environments)
        yield f"wrong scope: no environment {approval.environment!r}; allowed: {known}"
        return
    reviewer = approvers.reviewer(approval.reviewer)
    if reviewer is None:
        yield f"unknown reviewer {approval.reviewer!r} in {approvers.label}"
        return
    if rule.reviewers and reviewer.name not in rule.reviewers:
        yield f"wrong scope: {reviewer.name!r} does not review for {approval.environment}"
    if reviewer.is_author(author) and not rule.allow_author:
        yield f"self-made: {reviewer.name!r} is the author of the run"
    if not 0 <= approval.max_traffic <= rule.max_traffic:
        seen = f"wrong scope: {approval.max_traffic:g} % of traffic"
        yield f"{seen}; {approval.environment} allows 0 to {rule.max_traffic:g} %"
    created, expires = (datetime.fromisoformat(at) for at in (approval.created, approval.expires))
    if expires <= created:
        yield "expired: it ends before it begins"
    elif (expires - created).total_seconds() > (rule.max_days + 1) * 86400:
        yield f"it would hold longer than the {rule.max_days} days of {approval.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody wants to do: put a run's configuration to an environment at a share."""

    run: str
    configuration: str
    environment: str
    max_traffic: float


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
        known = ", ".join(approvers.environments)
        raise ApprovalError(f"wrong scope: no environment {claim.environment!r}; allowed: {known}")
    refusals: list[str] = []
    valid: dict[str, tuple[Approval, LedgerRecord]] = {}
    for entry in verified.records:
        approval = approval_in(entry)
        if approval is None or approval.run != claim.run:
            continue
        where = f"the {entry.kind} of {approval.reviewer} (record {entry.sequence})"
        faults = [*signature_faults(approval, entry, approvers)]
        if approval.verdict == "reject" and not faults:
            valid.clear()
            refusals = [f"{where}: the run was rejected: {approval.reason}"]
            continue
        faults += unsigned_faults(approval, approvers, author)
        faults += _claim_faults(approval, claim, approvers)
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


def approval_in(entry: LedgerRecord) -> Approval | None:
    """Return the approval or rejection that the record is; None for other records."""
    if entry.kind not in ("approval", "rejection"):
        return None
    try:
        fields = cast("dict[str, Any]", dict(entry.body))
        fields["acknowledged"] = tuple(fields["acknowledged"])
        approval = Approval(**fields)
        same = approval_bytes(approval) == canonical(dict(entry.body))
    except (TypeError, KeyError, ValueError):
        return None
    return approval if same else None


def signature_faults(
    approval: Approval, entry: LedgerRecord, approvers: Approvers
) -> Iterator[str]:
    """Yield what is wrong with who signed."""
    reviewer = approvers.reviewer(approval.reviewer)
    if reviewer is None:
        yield f"unknown reviewer {approval.reviewer!r} in {approvers.label}"
    elif not is_signed(load_public_key(reviewer.key), approval_bytes(approval), entry.signature):
        yield f"wrong signature: it is not that of {reviewer.name!r}"
    if (approval.verdict == "approve") != (entry.kind == "approval"):
        yield f"edited: it says {approval.verdict}, but stands as {entry.kind}"


def _changes(verified: Verified, approved: str, evidence: Bundle) -> tuple[str, ...]:
    """Return the files that differ from the approved ones, as the ledger lists them."""
    for entry in verified.records:
        if entry.kind == "run" and entry.body.get("evidence") == approved:
            files = cast("Mapping[str, Mapping[str, object]]", entry.body["files"])
            return evidence.changes_since(files)
    return ()


def _claim_faults(approval: Approval, claim: Claim, approvers: Approvers) -> Iterator[str]:
    if datetime.fromisoformat(approval.expires) <= datetime.now(UTC):
        yield f"expired: at {approval.expires}"
    if approval.environment != claim.environment:
        yield f"wrong scope: it is for {approval.environment}, not {claim.environment}"
    if claim.max_traffic > approval.max_traffic:
        share = f"{claim.max_traffic:g} % of traffic"
        yield f"wrong scope: it allows {approval.max_traffic:g} %, not {share}"
    if approval.configuration != claim.configuration:
        yield f"wrong scope: it is for the configuration {approval.label}"
    if approval.rules != approvers.digest:
        yield f"{approvers.label} has changed since"


def _approved(
    claim: Claim, evidence: Bundle, valid: Sequence[tuple[Approval, LedgerRecord]]
) -> Approved:
    return Approved(
        run=claim.run,
        evidence=evidence.digest,
        configuration=claim.configuration,
        environment=claim.environment,
        max_traffic=min(approval.max_traffic for approval, _ in valid),
        until=min(approval.expires for approval, _ in valid),
        reviewers=tuple(sorted(approval.reviewer for approval, _ in valid)),
        records=tuple(entry.hash for _, entry in valid),
    )
