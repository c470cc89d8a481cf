"""The ledger: JSON lines in `reports/ledger.jsonl`, each with the hash of the one before it.

Only the end of the file can be cut off unseen, so `llmops audit` prints the head: a CI log or a git
tag that has it is the anchor.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from llmops.canonical import canonical, digest
from llmops.domain.ledger import GENESIS, Break, LedgerRecord, RecordKind, Verified
from llmops.errors import ApprovalError
from llmops.store import AppendedLines, exclusive
from llmops.store.appending import cannot_write

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    Check = Callable[[tuple[LedgerRecord, ...]], None]

LEDGER: Final = "ledger.jsonl"
_KINDS: Final = frozenset(get_args(RecordKind))
_FIELDS: Final[Mapping[str, type]] = {
    "sequence": int,
    "time": str,
    "kind": str,
    "actor": str,
    "body": dict,
    "previous": str,
    "hash": str,
    "signature": str,
}
_BODIES: Final[Mapping[str, Mapping[str, type]]] = {
    "run": {"run": str, "evidence": str, "files": dict},
    "release": {"release": str, "digest": str, "run": str},
    "stage": {"release": str},
    "deletion": {"release": str},
    "traffic": {"endpoint": str, "releases": dict, "traffic": dict},
    "rollback": {"endpoint": str, "releases": dict, "traffic": dict},
    "monitor": {"endpoint": str, "candidate": str, "action": str, "sentence": str},
}
"""What others rely on in a body, by kind of record."""
_NEXT_STEP: Final = "nothing was recorded; mend this and do the same again"


def path_of(project: Path) -> Path:
    """Return where a project's ledger is."""
    return project / "reports" / LEDGER


def append(
    project: Path,
    kind: RecordKind,
    body: Mapping[str, object],
    actor: str,
    signature: str = "",
    check: Check | None = None,
) -> LedgerRecord:
    """Add a record; it is on the disk when this returns.

    `check` may refuse by raising: what it sees of the ledger nobody changes before the record is
    there.

    Raises:
        ApprovalError: when the ledger does not verify: nothing is added to a broken chain.
        LLMOpsError: when it cannot be written.
        ValueError: when the body lacks what a record of its kind has.
    """
    path = path_of(project)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(path.with_suffix(".lock")):
            return _append(project, kind, body, actor, signature, check)
    except OSError as error:
        raise cannot_write(path, error, _NEXT_STEP) from error


def mend(project: Path) -> None:
    """End what a crash left of the last record, as `append` does; without a ledger, nothing.

    Raises:
        ApprovalError: when it is no crash that changed the record.
        LLMOpsError: when it cannot be written.
    """
    path = path_of(project)
    if not path.is_file() or path.read_bytes().endswith(b"\n"):
        return
    with exclusive(path.with_suffix(".lock")):
        _mend(path)
        AppendedLines(path, _NEXT_STEP).close()


def _append(
    project: Path,
    kind: RecordKind,
    body: Mapping[str, object],
    actor: str,
    signature: str,
    check: Check | None,
) -> LedgerRecord:
    path = path_of(project)
    _mend(path)
    lines = AppendedLines(path, _NEXT_STEP)
    try:
        verified = verify(project)
        if verified.breaks:
            raise ApprovalError(_broken(path, verified))
        if check:
            check(verified.records)
        line = _next(verified, kind, body, actor, signature)
        record = _parsed(line)
        if record is None:
            raise ValueError(f"no body of a {kind} record: {body}")
        lines.append(line.decode())
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
        try:
            record = _parsed(line)
            faults = [*_faults(record, number, previous)] if record else ["this is no record"]
        except RecursionError:
            record, faults = None, ["this is no record: nested too deeply"]
        breaks += [Break(where=where, seen=seen) for seen in faults]
        if record is None:
            continue
        previous = record.hash
        records.append(record)
    if torn:
        where = f"{LEDGER}:{len(lines) + 1}"
        breaks.append(Break(where=where, seen="the last record is cut short"))
    return Verified(records=tuple(records), head=previous, breaks=tuple(breaks))


def _mend(path: Path) -> None:
    """Keep a last record that lost its newline only: a crash may stop a write anywhere.

    A record that was cut short never counted, so it may go. A whole record with something behind it
    is no crash.

    Raises:
        ApprovalError: when there is such a record.
    """
    lines = path.read_bytes().split(b"\n") if path.is_file() else [b""]
    torn = lines[-1].decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder().raw_decode(torn)
    except (ValueError, RecursionError):
        return
    if end < len(torn):
        where = f"{LEDGER}:{len(lines)}"
        raise ApprovalError(f"{where}: edited: the record does not end where its line does")
    with path.open("ab") as file:
        file.write(b"\n")


def _broken(path: Path, verified: Verified) -> str:
    step = f"to begin another one, move {path.name} away and keep it"
    return "\n".join([*map(str, verified.breaks), f"nothing is added to a broken ledger; {step}"])


def now() -> str:
    """Return the time as records have it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _faults(record: LedgerRecord, number: int, previous: str) -> Generator[str]:
    content = {name: getattr(record, name) for name in _FIELDS if name != "hash"}
    if digest(content) != record.hash:
        yield "edited: the record does not have its own hash"
    if record.previous != previous:
        yield "a record before it was dropped, inserted, edited or moved"
    if record.sequence != number:
        yield f"it is number {record.sequence}, but stands at {number}"


def _next(
    verified: Verified, kind: RecordKind, body: Mapping[str, object], actor: str, signature: str
) -> bytes:
    content = {
        "sequence": len(verified.records) + 1,
        "time": now(),
        "kind": kind,
        "actor": actor,
        "body": dict(body),
        "previous": verified.head,
        "signature": signature,
    }
    return canonical({**content, "hash": digest(content)})


def _parsed(line: bytes) -> LedgerRecord | None:
    """Return the record if the line is the canonical form of one, byte for byte."""
    try:
        raw = cast("dict[str, Any]", json.loads(line))
        if not _has(raw, _FIELDS) or raw["kind"] not in _KINDS:
            return None
        record = LedgerRecord(**raw)
        good = canonical(raw) == line and _has(raw["body"], _BODIES.get(record.kind, {}))
    except (ValueError, TypeError):
        return None
    return record if good else None


def _has(raw: object, fields: Mapping[str, type]) -> bool:
    """Return whether it is a mapping with at least these fields, each of exactly its type."""
    if not isinstance(raw, dict):
        return False
    found = cast("dict[str, object]", raw)
    return all(type(found.get(name)) is kind for name, kind in fields.items())
