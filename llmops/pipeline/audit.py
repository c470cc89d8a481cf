"""Verifies the ledger, and everything on this machine that it vouches for. Needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llmops import ledger
from llmops.approval import approval_in, signature_faults
from llmops.approvers import read_approvers
from llmops.domain.ledger import Break, Verified
from llmops.errors import ApprovalError, ConfigError
from llmops.registries.folder import FolderRegistry, releases_folder
from llmops.store import bundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from llmops.domain.ledger import LedgerRecord


def audit(project: Path, anchor: str = "") -> Verified:
    """Return the ledger with all that is broken: chain, signatures, evidence, releases.

    `anchor` is a head that was printed before: it must still be in the chain.
    """
    verified = ledger.verify(project)
    breaks = [*verified.breaks]
    if anchor and anchor not in {entry.hash for entry in verified.records}:
        seen = f"the anchored head {anchor} is not in it: records were cut off or replaced"
        breaks.append(Break(where=ledger.LEDGER, seen=seen))
    for entry in verified.records:
        breaks += _signature_breaks(project, entry)
    evidence, absent = _evidence_breaks(project, verified.records)
    breaks += [*evidence, *_release_breaks(project, verified.records)]
    return Verified(
        records=verified.records, head=verified.head, breaks=tuple(breaks), absent=tuple(absent)
    )


def _signature_breaks(project: Path, entry: LedgerRecord) -> Iterator[Break]:
    if entry.kind not in ("approval", "rejection"):
        return
    where = f"{ledger.LEDGER}:{entry.sequence}"
    approval = approval_in(entry)
    if approval is None:
        yield Break(where=where, seen=f"edited: no {entry.kind} that can be read")
        return
    try:
        approvers = read_approvers(project, approval.run.partition("/")[0])
    except ConfigError as error:
        yield Break(where=where, seen=f"its signature cannot be checked: {error}")
        return
    for fault in signature_faults(approval, entry, approvers):
        yield Break(where=where, seen=fault)


def _evidence_breaks(
    project: Path, records: tuple[LedgerRecord, ...]
) -> tuple[list[Break], list[str]]:
    """Compare each run with its latest record; return what differs, and the runs not here."""
    latest = {str(entry.body["run"]): entry for entry in records if entry.kind == "run"}
    breaks: list[Break] = []
    absent: list[str] = []
    for run, entry in latest.items():
        folder = project / "reports" / run
        if not folder.is_dir():
            absent.append(run)
            continue
        files = cast("Mapping[str, Mapping[str, object]]", entry.body["files"])
        where = f"reports/{run}"
        breaks += [Break(where=where, seen=seen) for seen in bundle(folder).changes_since(files)]
    return breaks, absent


def _release_breaks(project: Path, records: tuple[LedgerRecord, ...]) -> Iterator[Break]:
    registry = FolderRegistry(root=releases_folder(project))
    gone = {str(entry.body["release"]) for entry in records if entry.kind == "deletion"}
    for entry in records:
        if entry.kind != "release" or entry.body["release"] in gone:
            continue
        name, _, number = str(entry.body["release"]).rpartition("/")
        try:
            release = registry.load(name, int(number))
        except (ApprovalError, ConfigError) as error:
            for line in str(error).splitlines():
                yield Break(where=f"{ledger.LEDGER}:{entry.sequence}", seen=line)
            continue
        if release.digest != entry.body["digest"]:
            seen = f"release {release.label}: it is another than was registered"
            yield Break(where=f"{ledger.LEDGER}:{entry.sequence}", seen=seen)
