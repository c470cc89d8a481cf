"""Writing a run: a manifest once, then records, each on disk before the next thing happens."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from llmops.errors import Fault, LLMOpsError
from llmops.redaction import Redactor
from llmops.store.appending import AppendedLines, cannot_write
from llmops.store.encoding import encode
from llmops.store.lock import RunLock
from llmops.store.records import call_fields, line_fields, metric_fields

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from pathlib import Path

    from llmops.domain.run import CallRecord, LineRecord, Metric

MANIFEST: Final = "manifest.json"
RECORDS: Final = "run.jsonl"


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
        try:
            self._records = AppendedLines(folder / RECORDS)
        except LLMOpsError:
            self._lock.release()
            raise

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
            raise cannot_write(folder, error) from error
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
        self._records.close()
        self._lock.release()

    def _append(self, text: str) -> None:
        self._records.append(self._redact(text))


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
        raise cannot_write(path, error, "mend this, then write it again") from error
    finally:
        temporary.unlink(missing_ok=True)
