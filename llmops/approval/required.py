"""Whether approvals hold: asked when they are made, at registration, and again at deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from llmops.approval.faults import claim_faults, no_environment, signature_faults, unsigned_faults
from llmops.domain.approval import Approval, Approved, Claim, approval_of
from llmops.errors import ApprovalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from llmops.approvers import Approvers
    from llmops.domain.ledger import LedgerRecord, Verified
    from llmops.store import Bundle

_VERDICTS: Final = {"approval": "approve", "rejection": "reject"}


def author_of(manifest: Mapping[str, object]) -> str:
    """Return who made the run; empty where nobody is named."""
    return str(manifest.get("author") or "")


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
        raise ApprovalError(no_environment(claim.environment, approvers))
    count = _Count(claim, verified, approvers, evidence, author)
    for approval, entry in _stated(verified, claim.run):
        count.add(approval, entry)
    if len(count.valid) < rule.required:
        said = f"{len(count.valid)} of {rule.required} approvals for {claim.environment}"
        raise ApprovalError("\n".join([f"{claim.run}: {said}", *count.refusals]))
    return _approved(claim, evidence, [*count.valid.values()])


class _Count:
    """Who approves a claim, by reviewer, and why the words of others do not count."""

    def __init__(
        self,
        claim: Claim,
        verified: Verified,
        approvers: Approvers,
        evidence: Bundle,
        author: str,
    ) -> None:
        self._claim, self._verified, self._approvers = claim, verified, approvers
        self._evidence, self._author = evidence, author
        self._rejected: datetime | None = None
        self._last: dict[str, datetime] = {}
        self.valid: dict[str, tuple[Approval, LedgerRecord]] = {}
        self.refusals: list[str] = []

    def add(self, approval: Approval, entry: LedgerRecord) -> None:
        """Take the next word on the run, in the ledger's order."""
        where = f"the {entry.kind} of {approval.reviewer} (record {entry.sequence})"
        faults = list(signature_faults(approval, entry, self._approvers))
        if approval.verdict == "reject" and not faults:
            self.valid.clear()
            self.refusals = [f"{where}: the run was rejected: {approval.reason}"]
            self._rejected = max(self._rejected or approval.made, approval.made)
            return
        if not faults:
            faults += self._order_faults(approval)
        faults += unsigned_faults(approval, self._approvers, self._author)
        faults += claim_faults(approval, self._claim, self._approvers)
        if approval.evidence != self._evidence.digest:
            changes = ", ".join(_changes(self._verified, approval.evidence, self._evidence))
            faults.append(f"other digest: {changes or 'the evidence is not what was approved'}")
        self.refusals += [f"{where}: {fault}" for fault in faults]
        if not faults:
            self.valid[approval.reviewer] = approval, entry

    def _order_faults(self, approval: Approval) -> Iterator[str]:
        """Let a later word of the same person stand for the earlier, however lines were moved."""
        if self._rejected and approval.made <= self._rejected:
            yield "it was made before the run was rejected"
        if _scope(approval) != (self._claim.environment, self._claim.configuration):
            return
        if approval.made < self._last.get(approval.reviewer, approval.made):
            yield f"a later word of {approval.reviewer} stands"
            return
        self._last[approval.reviewer] = approval.made
        self.valid.pop(approval.reviewer, None)


def _scope(approval: Approval) -> tuple[str, str]:
    return approval.environment, approval.configuration


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
