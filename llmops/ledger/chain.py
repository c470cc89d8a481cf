"""One record a line, each with the hash of the one before: what a sound ledger is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from llmops.canonical import canonical, digest
from llmops.domain.ledger import GENESIS, Break, LedgerRecord, RecordKind, Verified

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

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


def path_of(project: Path) -> Path:
    """Return where a project's ledger is."""
    return project / "reports" / LEDGER


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
            record = parsed(line)
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


def parsed(line: bytes) -> LedgerRecord | None:
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


def _faults(record: LedgerRecord, number: int, previous: str) -> Generator[str]:
    content = {name: getattr(record, name) for name in _FIELDS if name != "hash"}
    if digest(content) != record.hash:
        yield "edited: the record does not have its own hash"
    if record.previous != previous:
        yield "a record before it was dropped, inserted, edited or moved"
    if record.sequence != number:
        yield f"it is number {record.sequence}, but stands at {number}"
