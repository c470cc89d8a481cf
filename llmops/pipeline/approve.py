"""Approves or rejects a run: states what is signed, and records it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from llmops import ledger
from llmops.approval import approval_bytes, author_of, unsigned_faults
from llmops.approvers import read_approvers
from llmops.domain.approval import Approval
from llmops.errors import ApprovalError
from llmops.preregistration import changed_since
from llmops.redaction import Redactor
from llmops.review import Review
from llmops.signing import is_signed, load_public_key
from llmops.store import bundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llmops.domain.approval import Verdict
    from llmops.domain.ledger import LedgerRecord
    from llmops.store import Bundle

    Files = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a reviewer says of a run.

    `configuration` is a label or an id, None: the one that the run recommends. A rejection needs no
    scope: it holds for every environment and for good.
    """

    verdict: Verdict
    reviewer: str
    reason: str
    environment: str = ""
    max_traffic: float = 0.0
    expires: datetime | None = None
    configuration: str | None = None
    comments: Mapping[str, str] = field(default_factory=dict[str, str])
    acknowledged: Sequence[str] = ()


def draft(project: Path, folder: Path, statement: Statement) -> Approval:
    """Return what is to be signed.

    Raises:
        ApprovalError: with everything that forbids it, together.
        ConfigError: when `approvers.yaml` is missing or wrong, or there is no such configuration.
    """
    review = Review(folder, statement.environment)
    evidence = bundle(folder)
    approvers = read_approvers(project, review.run.partition("/")[0])
    chosen = review.configuration(statement.configuration)
    now = datetime.now(UTC)
    redacted = Redactor(())
    approval = Approval(
        run=review.run,
        evidence=evidence.digest,
        rules=approvers.digest,
        configuration=chosen or "",
        label=review.comparison.labels[chosen] if chosen else "",
        verdict=statement.verdict,
        environment=statement.environment,
        max_traffic=statement.max_traffic,
        created=now.isoformat(timespec="milliseconds"),  # it orders approvals and rejections
        expires=(statement.expires or now).astimezone(UTC).isoformat(timespec="seconds"),
        reviewer=statement.reviewer,
        reason=redacted(statement.reason),
        comments={line: redacted(text) for line, text in statement.comments.items()},
        acknowledged=tuple(sorted(statement.acknowledged)),
    )
    faults = [*unsigned_faults(approval, approvers, author_of(review.reader.manifest))]
    if not statement.reason.strip():
        faults.append("no reason; say why, in a sentence")
    if approval.verdict == "approve":
        faults += _changed_since(project, review, evidence)
        faults += _open_faults(review, approval)
    if faults:
        raise ApprovalError("\n".join(f"{approval.run}: {fault}" for fault in faults))
    return approval


def _open_faults(review: Review, approval: Approval) -> Iterator[str]:
    """Yield what keeps a run from being approved, whoever wants to."""
    if review.reader.status != "completed":
        yield f"the run is {review.reader.status}, not completed"
    if not approval.configuration:
        yield "it recommends no configuration; name one"
        return
    points = review.open_points(approval.configuration)
    for point in points:
        if point.name not in approval.acknowledged:
            yield f"not acknowledged: {point.name!r} ({point.said})"
    for name in approval.acknowledged:
        if name not in {point.name for point in points}:
            yield f"{name!r} is no open point of {approval.label}"


def _changed_since(project: Path, review: Review, evidence: Bundle) -> Iterator[str]:
    """Yield what is not as it was stated before the run, or recorded after it."""
    said = [each for each in ledger.verify(project).records if each.body.get("run") == review.run]
    for entry in said:
        if entry.kind == "pre-registration":
            for part in changed_since(entry.body, review.reader.manifest):
                yield f"{part} is not what was stated before the run"
    recorded = [entry.body["files"] for entry in said if entry.kind == "run"]
    if recorded:
        for change in evidence.changes_since(cast("Files", recorded[-1])):
            yield f"other digest: {change}; llmops run --resume writes and records it again"


def record(project: Path, folder: Path, approval: Approval, signature: str) -> LedgerRecord:
    """Add the signed approval to the ledger.

    Raises:
        ApprovalError: when the signature is not the reviewer's, or the run has changed since.
    """
    approvers = read_approvers(project, approval.experiment)
    reviewer = approvers.reviewer(approval.reviewer)
    if reviewer is None or not is_signed(
        load_public_key(reviewer.key), approval_bytes(approval), signature
    ):
        raise ApprovalError(f"{approval.run}: the signature is not that of {approval.reviewer!r}")
    evidence = bundle(folder)
    if evidence.digest != approval.evidence or approvers.digest != approval.rules:
        raise ApprovalError(f"{approval.run}: it has changed since it was reviewed; review again")
    _keep_evidence(project, approval, evidence)
    kind = "approval" if approval.verdict == "approve" else "rejection"
    return ledger.append(project, kind, asdict(approval), approval.reviewer, signature)


def _keep_evidence(project: Path, approval: Approval, evidence: Bundle) -> None:
    """Have the ledger list the files behind the digest, so that a change can be named later."""
    known = (
        entry.kind == "run" and entry.body.get("evidence") == evidence.digest
        for entry in ledger.verify(project).records
    )
    if not any(known):
        body = {"run": approval.run, "evidence": evidence.digest, "files": evidence.files}
        ledger.append(project, "run", body, approval.reviewer)


def expiry(text: str, now: datetime) -> datetime:
    """Return the end of validity: days from now such as `14d`, or a date (its end, in UTC).

    >>> expiry("14d", datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2026-01-15T00:00:00+00:00'

    Raises:
        ValueError: when it is neither, or beyond the calendar.
    """
    try:
        if text.endswith("d") and text[:-1].isdecimal():
            return now + timedelta(days=int(text[:-1]))
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return day + timedelta(days=1, seconds=-1)
    except OverflowError:
        raise ValueError(f"{text} is beyond the calendar") from None
