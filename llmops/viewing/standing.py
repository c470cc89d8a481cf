"""What was decided about a run, as the ledger has it, and what of it holds today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops import ledger
from llmops.approval import Claim, approval_in, author_of, require_approval
from llmops.approvers import read_approvers
from llmops.errors import ApprovalError, ConfigError
from llmops.store import bundle
from llmops.viewing.endpoints import shares

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llmops.approvers import Approvers
    from llmops.domain.approval import Approval, Approved
    from llmops.domain.ledger import LedgerRecord, Verified
    from llmops.viewing.catalogue import Entry
    from llmops.viewing.endpoints import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What approvals of one configuration for one environment allow; else the reasons why none."""

    label: str
    environment: str
    allowed: Approved | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The run's records, the oldest first, and its scopes; `faults` are of ledger and rules.

    `releases` has where each release of the run serves: empty for nowhere. There is none while the
    ledger does not verify.
    """

    records: tuple[LedgerRecord, ...]
    scopes: tuple[Scope, ...]
    faults: tuple[str, ...]
    releases: Mapping[str, tuple[Share, ...]]


def standing(project: Path, entry: Entry) -> Standing:
    """Return what was decided about the run."""
    verified = ledger.verify(project)
    records = tuple(each for each in verified.records if each.body.get("run") == entry.review.run)
    stated = [approval for each in records if (approval := approval_in(each))]
    approvals = [each for each in stated if each.verdict == "approve"]
    faults = tuple(map(str, verified.breaks))
    scopes: tuple[Scope, ...] = ()
    if approvals:
        try:
            approvers = read_approvers(project, entry.experiment)
            scopes = tuple(_scopes(approvals, verified, approvers, entry))
        except ConfigError as error:
            faults += (str(error),)
    releases = _releases(records, verified)
    return Standing(records=records, scopes=scopes, faults=faults, releases=releases)


def _releases(
    records: Sequence[LedgerRecord], verified: Verified
) -> Mapping[str, tuple[Share, ...]]:
    if verified.breaks:
        return {}
    names = [str(each.body["release"]) for each in records if each.kind == "release"]
    return {name: shares(verified.records, name) for name in names}


def _scopes(
    approvals: list[Approval], verified: Verified, approvers: Approvers, entry: Entry
) -> Iterator[Scope]:
    evidence, author = bundle(entry.folder), author_of(entry.review.reader.manifest)
    labels = {(each.configuration, each.environment): each.label for each in approvals}
    for (configuration, environment), label in labels.items():
        claim = Claim(
            run=entry.review.run,
            configuration=configuration,
            environment=environment,
            max_traffic=0,
        )
        try:
            allowed, reasons = require_approval(claim, verified, approvers, evidence, author), ()
        except ApprovalError as error:
            allowed, reasons = None, tuple(str(error).splitlines())
        yield Scope(label=label, environment=environment, allowed=allowed, reasons=reasons)
