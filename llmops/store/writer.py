"""Writing a run: a manifest once, then records, each on disk before the next thing happens."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from llmops.errors import Fault, LLMOpsError
from llmops.redaction import Redactor
from llmops.store.encoding import encode
from llmops.store.lock import RunLock
from llmops.store.records import call_fields, line_fields, metric_fields

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from pathlib import Path

    from llmops.domain.run import CallRecord, LineRecord, Metric

MANIFEST: Final = "manifest.json"
RECORDS: Final = "run.jsonl"

_RESUME: Final = "what was answered so far is kept; mend this, then resume the run"


class RunWriter:
    """The only writer of a run folder. Records are appended, never changed.

    A record is handed to the operating system before its method returns, so that it outlives this
    process; nothing is buffered here. Everything written is redacted first.
    """

    def __init__(self, folder: Path, secrets: Iterable[str]) -> None:
        """Take the run's lock and open its records; see `create` and `reopen`."""
        self.folder = folder
        self._redact = Redactor(secrets)
        self._lock = RunLock(folder)
        self._path = folder / RECORDS
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(self._path, flags, 0o644)
            self._size = _cut_torn_line(self._descriptor)
        except OSError as error:
            self._lock.release()
            raise _cannot_write(self._path, error) from error

    @classmethod
    def create(
        cls, folder: Path, manifest: Mapping[str, object], secrets: Iterable[str]
    ) -> RunWriter:
        """Start a new run; the manifest is there whole, or not at all.

        Raises:
            LLMOpsError: when the folder holds a run already, or can't be written.
        """
        secrets = tuple(secrets)
        text = json.dumps(json.loads(Redactor(secrets)(encode(manifest))), indent=2)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if (folder / MANIFEST).exists():
                fault = Fault(where=str(folder), seen="holds a run already", next_step="resume it")
                raise LLMOpsError(str(fault))
        except OSError as error:
            raise _cannot_write(folder, error) from error
        with replacing(folder / MANIFEST) as file:
            file.write(f"{text}\n".encode())
        return cls(folder, secrets)

    @classmethod
    def reopen(cls, folder: Path, secrets: Iterable[str]) -> RunWriter:
        """Go on with a run; a last record that was cut short is removed.

        Raises:
            LLMOpsError: when there is no run, or another process is writing it.
        """
        if not (folder / MANIFEST).is_file():
            fault = Fault(where=str(folder), seen=f"no run: {MANIFEST} is missing")
            raise LLMOpsError(str(fault))
        return cls(folder, secrets)

    def write_call(self, record: CallRecord) -> None:
        """Append a paid answer."""
        self._append(encode(call_fields(record)))

    def write_line(self, record: LineRecord) -> None:
        """Append the results of one line."""
        self._append(encode(line_fields(record)))

    def write_metrics(self, metrics: Iterable[Metric]) -> None:
        """Append metrics; a later one replaces its namesake."""
        lines = [encode(metric_fields(metric)) for metric in metrics]
        if lines:
            self._append("\n".join(lines))

    def write_event(self, event: str, **details: object) -> None:
        """Append what happened, with the time."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._append(encode({"kind": "event", "event": event, "time": time, **details}))

    def close(self) -> None:
        """Let others write this run."""
        os.close(self._descriptor)
        self._lock.release()

    def _append(self, text: str) -> None:
        block = memoryview((self._redact(text) + "\n").encode("utf-8", "replace"))
        written = 0
        try:
            while written < len(block):  # a full disk takes a part first
                written += os.write(self._descriptor, block[written:])
        except OSError as error:
            with suppress(OSError):  # where that fails too, `reopen` cuts the torn line
                os.ftruncate(self._descriptor, self._size)
            raise _cannot_write(self._path, error) from error
        self._size += written


@contextmanager
def replacing(path: Path) -> Generator[BinaryIO]:
    """Write a file whole, or leave what was there.

    Raises:
        LLMOpsError: when it can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise _cannot_write(path, error, "mend this, then write it again") from error
    finally:
        temporary.unlink(missing_ok=True)


def _cut_torn_line(descriptor: int) -> int:
    """Truncate after the last newline; return the size."""
    size = end = os.lseek(descriptor, 0, os.SEEK_END)
    while end > 0:
        start = max(0, end - (1 << 16))
        os.lseek(descriptor, start, os.SEEK_SET)
        newline = os.read(descriptor, end - start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(descriptor, end)
    return end


def _cannot_write(path: Path, error: OSError, next_step: str = _RESUME) -> LLMOpsError:
    reason = error.strerror or type(error).__name__
    fault = Fault(where=str(path), seen=f"cannot be written: {reason}", next_step=next_step)
    return LLMOpsError(str(fault))
