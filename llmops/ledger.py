"""The ledger: JSON lines in `reports/ledger.jsonl`, each with the hash of the one before it.

Only the end of the file can be cut off unseen, so `llmops audit` prints the head: a CI log or a git
tag that has it is the anchor.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from llmops.canonical import canonical, digest
from llmops.domain.ledger import GENESIS, Break, LedgerRecord, RecordKind, Verified
from llmops.errors import ApprovalError
from llmops.store import AppendedLines, exclusive

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

LEDGER: Final = "ledger.jsonl"
_KINDS: Final = frozenset(get_args(RecordKind))


def path_of(project: Path) -> Path:
    """Return where a project's ledger is."""
    return project / "reports" / LEDGER


def append(
    project: Path,
    kind: RecordKind,
    body: Mapping[str, object],
    actor: str,
    signature: str = "",
) -> LedgerRecord:
    """Add a record; it is on the disk when this returns.

    Raises:
        ApprovalError: when the ledger does not verify: nothing is added to a broken chain.
        LLMOpsError: when it cannot be written.
    """
    path = path_of(project)
    path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(path.with_suffix(".lock")):
        lines = AppendedLines(path)
        try:
            verified = verify(project)
            if verified.breaks:
                raise ApprovalError(_broken(path, verified))
            record = _next(verified, kind, body, actor, signature)
            lines.append(canonical(asdict(record)).decode())
            lines.sync()
        finally:
            lines.close()
    return record


def verify(project: Path) -> Verified:
    """Check the chain: every record's hash, the order, and each link to the one before."""
    path = path_of(project)
    if not path.is_file():
        return Verified(records=(), head=GENESIS)
    content = path.read_bytes()
    whole, _, torn = content.rpartition(b"\n")
    lines = whole.split(b"\n") if whole else []
    records: list[LedgerRecord] = []
    breaks: list[Break] = []
    previous = GENESIS
    for number, line in enumerate(lines, start=1):
        where = f"{LEDGER}:{number}"
        record = _parsed(line)
        if record is None:
            breaks.append(Break(where=where, seen="this is no record"))
            continue
        breaks += [Break(where=where, seen=seen) for seen in _faults(record, number, previous)]
        previous = record.hash
        records.append(record)
    if torn:
        where = f"{LEDGER}:{len(lines) + 1}"
        breaks.append(Break(where=where, seen="the last record is cut short"))
    return Verified(records=tuple(records), head=previous, breaks=tuple(breaks))


def _broken(path: Path, verified: Verified) -> str:
    step = f"to begin another one, move {path.name} away and keep it"
    return "\n".join([*map(str, verified.breaks), f"nothing is added to a broken ledger; {step}"])


def now() -> str:
    """Return the time as records have it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _faults(record: LedgerRecord, number: int, previous: str) -> Generator[str]:
    content = asdict(record)
    del content["hash"]
    if digest(content) != record.hash:
        yield "edited: the record does not have its own hash"
    if record.previous != previous:
        yield "a record before it was dropped, inserted, edited or moved"
    if record.sequence != number:
        yield f"it is number {record.sequence}, but stands at {number}"


def _next(
    verified: Verified, kind: RecordKind, body: Mapping[str, object], actor: str, signature: str
) -> LedgerRecord:
    content: dict[str, Any] = {
        "sequence": len(verified.records) + 1,
        "time": now(),
        "kind": kind,
        "actor": actor,
        "body": dict(body),
        "previous": verified.head,
        "signature": signature,
    }
    return LedgerRecord(**content, hash=digest(content))


def _parsed(line: bytes) -> LedgerRecord | None:
    """Return the record if the line is the canonical form of one, byte for byte."""
    try:
        raw: object = json.loads(line)
        record = LedgerRecord(**cast("dict[str, Any]", raw))
        good = canonical(asdict(record)) == line and record.kind in _KINDS
    except (ValueError, TypeError, RecursionError):
        return None
    return record if good else None
