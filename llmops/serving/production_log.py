"""What was asked and answered, for later evaluation: sampled, redacted, bounded in size."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from llmops.store.appending import AppendedLines, cannot_write
from llmops.store.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.redaction import Redactor

FILE_BYTES: Final = 64 * 1024 * 1024
FOLDER_BYTES: Final = 16 * FILE_BYTES


class ProductionLog:
    """JSON lines in files of this process's own; the folder's oldest go when it is too large."""

    def __init__(
        self,
        folder: Path,
        sample: float,
        redact: Redactor,
        *,
        file_bytes: int = FILE_BYTES,
        folder_bytes: int = FOLDER_BYTES,
    ) -> None:
        """Open the first file.

        Raises:
            LLMOpsError: when it cannot be written.
        """
        self._folder, self._sample, self._redact = folder, sample, redact
        self._file_bytes, self._folder_bytes = file_bytes, folder_bytes
        self._number = 0
        self._lines = self._next_file()
        self._size = 0

    def has(self, request: str) -> bool:
        """Tell whether the request is in the sample: the same wherever it is asked."""
        digest = hashlib.sha256(request.encode()).digest()
        return int.from_bytes(digest[:8]) < self._sample * 2**64

    def write(self, record: Mapping[str, object]) -> None:
        """Append a record.

        Raises:
            LLMOpsError: when it cannot be written.
        """
        text = self._redact(encode(record))
        if self._size and self._size + len(text) > self._file_bytes:
            self._lines.close()
            self._lines = self._next_file()
            self._size = 0
        self._lines.append(text)
        self._size += len(text.encode("utf-8", "replace")) + 1

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()

    def _next_file(self) -> AppendedLines:
        """Open a file whose name sorts by time; no other process has it."""
        self._number += 1
        started = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        path = self._folder / f"{started}-{os.getpid()}-{self._number}.jsonl"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._prune()
        except OSError as error:
            raise cannot_write(path, error, "choose --log-folder, or --log-sample 0") from error
        return AppendedLines(path)

    def _prune(self) -> None:
        """Remove files until there is room for one more; the one written to longest ago first."""
        found = [(path.stat(), path) for path in self._folder.glob("*.jsonl")]
        found.sort(key=lambda each: (each[0].st_mtime_ns, each[1]))
        size = sum(stat.st_size for stat, _ in found)
        for stat, path in found:
            if size + self._file_bytes <= self._folder_bytes:
                return
            path.unlink(missing_ok=True)
            size -= stat.st_size
