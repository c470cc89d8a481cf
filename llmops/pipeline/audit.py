"""Verifies the ledger, and everything on this machine that it vouches for. Needs no network."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, cast

from llmops import ledger
from llmops.approval import approval_in, signature_faults
from llmops.approvers import read_approvers
from llmops.domain.ledger import Break, Verified
from llmops.errors import ApprovalError, ConfigError, LLMOpsError
from llmops.preregistration import changed_since
from llmops.registries.folder import FolderRegistry, releases_folder
from llmops.store import RunReader, bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from llmops.approvers import Approvers
    from llmops.domain.approval import Approval
    from llmops.domain.ledger import LedgerRecord

    Records = tuple[LedgerRecord, ...]
    Read = Callable[[str], Approvers]


def audit(project: Path, anchor: str = "") -> Verified:
    """Return the ledger with all that is broken: chain, signatures, rules, evidence, releases.

    `anchor` is a head that was printed before: it must still be in the chain.
    """
    verified = ledger.verify(project)
    records = verified.records
    breaks = [*verified.breaks]
    if anchor and anchor not in {entry.hash for entry in records}:
        seen = f"the anchored head {anchor} is not in it: records were cut off or replaced"
        breaks.append(Break(where=ledger.LEDGER, seen=seen))
    read = cache(partial(read_approvers, project))
    for entry in records:
        breaks += [Break(where=_line(entry), seen=seen) for seen in _decision_faults(entry, read)]
    breaks += _rules_breaks(records, read)
    folders = {"/".join(path.parts[-2:]): path for path in (project / "reports").glob("*/*")}
    breaks += [*_evidence_breaks(folders, records), *_plan_breaks(folders, records)]
    breaks += _release_breaks(project, records)
    absent = tuple(run for run in _evidence(records) if run not in folders)
    return Verified(records=records, head=verified.head, breaks=tuple(breaks), absent=absent)


def _line(entry: LedgerRecord) -> str:
    return f"{ledger.LEDGER}:{entry.sequence}"


def _decision_faults(entry: LedgerRecord, read: Read) -> Iterator[str]:
    if entry.kind not in ("approval", "rejection"):
        return
    approval = approval_in(entry)
    if approval is None:
        yield f"edited: no {entry.kind} that can be read"
        return
    try:
        yield from signature_faults(approval, entry, read(approval.experiment))
    except ConfigError as error:
        yield f"its signature cannot be checked: {error}"


def _rules_breaks(records: Records, read: Read) -> Iterator[Break]:
    """Yield approvals that would hold today, had `approvers.yaml` not changed since.

    One that was overtaken by a later word of the same person, or by a rejection, is history.
    """
    last: dict[tuple[str, ...], tuple[LedgerRecord, Approval]] = {}
    for entry in records:
        approval = approval_in(entry)
        if approval and approval.verdict == "approve":
            scope = (approval.environment, approval.configuration)
            last[approval.run, *scope, approval.reviewer] = entry, approval
        elif approval:
            last = {key: each for key, each in last.items() if key[0] != approval.run}
    for entry, approval in last.values():
        if approval.ends > datetime.now(UTC):
            try:
                approvers = read(approval.experiment)
            except ConfigError:
                continue  # it is said of the signature
            if approvers.digest != approval.rules:
                seen = f"{approvers.label} has changed since; this approval no longer holds"
                yield Break(where=_line(entry), seen=seen)


def _evidence(records: Records) -> dict[str, str]:
    """Return the digest of each run's evidence: what was approved, else what was recorded last.

    A later record of the run does not excuse evidence that is not what was approved.
    """
    recorded = {
        str(entry.body["run"]): str(entry.body["evidence"])
        for entry in records
        if entry.kind == "run"
    }
    stated = [each for each in map(approval_in, records) if each and each.verdict == "approve"]
    return {**recorded, **{each.run: each.evidence for each in stated}}


def _evidence_breaks(folders: Mapping[str, Path], records: Records) -> Iterator[Break]:
    files = {
        entry.body["evidence"]: entry.body["files"] for entry in records if entry.kind == "run"
    }
    for run, evidence in _evidence(records).items():
        now = bundle(folders[run]) if run in folders else None
        if now and now.digest != evidence:
            stated = cast("Mapping[str, Mapping[str, object]]", files.get(evidence, {}))
            seen = now.changes_since(stated) if stated else ("it is not what was approved",)
            yield from (Break(where=f"reports/{run}", seen=each) for each in seen)


def _plan_breaks(folders: Mapping[str, Path], records: Records) -> Iterator[Break]:
    """Yield what a run is judged by, where it is not what was stated before the run."""
    for entry in records:
        run = str(entry.body.get("run"))
        if entry.kind == "pre-registration" and run in folders:
            try:
                changed = changed_since(entry.body, RunReader(folders[run]).manifest)
            except LLMOpsError:  # it cannot be read
                changed = ("manifest",)
            for part in changed:
                seen = f"{part} is not what was stated before the run"
                yield Break(where=f"reports/{run}", seen=seen)


def _release_breaks(project: Path, records: Records) -> Iterator[Break]:
    registry = FolderRegistry(root=releases_folder(project))
    gone = {str(entry.body["release"]) for entry in records if entry.kind == "deletion"}
    for entry in records:
        if entry.kind != "release" or entry.body["release"] in gone:
            continue
        name, _, number = str(entry.body["release"]).rpartition("/")
        try:
            release = registry.load(name, int(number) if number.isdecimal() else 0)
        except (ApprovalError, ConfigError) as error:
            yield from (Break(where=_line(entry), seen=line) for line in str(error).splitlines())
            continue
        if release.digest != entry.body["digest"]:
            seen = f"release {release.label}: it is another than was registered"
            yield Break(where=_line(entry), seen=seen)
