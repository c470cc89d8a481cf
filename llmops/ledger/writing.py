"""Adds records, one process at a time, each on the disk before its command goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from llmops.canonical import canonical, digest
from llmops.errors import ApprovalError
from llmops.ledger.chain import LEDGER, parsed, path_of, verify
from llmops.store import AppendedLines, exclusive
from llmops.store.appending import cannot_write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from llmops.domain.ledger import LedgerRecord, RecordKind, Verified

    Check = Callable[[tuple[LedgerRecord, ...]], None]

_NEXT_STEP: Final = "nothing was recorded; mend this and do the same again"


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
        record = parsed(line)
        if record is None:
            raise ValueError(f"no body of a {kind} record: {body}")
        lines.append(line.decode())
        lines.sync()
    finally:
        lines.close()
    return record


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
