"""A file of lines that only grows: whatever was appended outlives this process."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from llmops.errors import Fault, LLMOpsError

if TYPE_CHECKING:
    from pathlib import Path

_RESUME: Final = "what was answered so far is kept; mend this, then resume the run"


class AppendedLines:
    """Lines are handed to the operating system before `append` returns; nothing is buffered."""

    def __init__(self, path: Path, next_step: str = _RESUME) -> None:
        """Open the file, made where it is missing; a last line that was cut short is removed.

        `next_step` is what to do where it can't be written.

        Raises:
            LLMOpsError: when it cannot be opened.
        """
        self._path = path
        self._next_step = next_step
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(path, flags, 0o644)
            self._size = _cut_torn_line(self._descriptor)
        except OSError as error:
            raise cannot_write(path, error, next_step) from error

    def append(self, text: str) -> None:
        """Append the text and a newline, or nothing.

        Raises:
            LLMOpsError: when they cannot be written.
        """
        block = memoryview((text + "\n").encode("utf-8", "replace"))
        written = 0
        try:
            while written < len(block):  # a full disk takes a part first
                written += os.write(self._descriptor, block[written:])
        except OSError as error:
            with suppress(OSError):  # where that fails too, the next to open it cuts the torn line
                os.ftruncate(self._descriptor, self._size)
            raise cannot_write(self._path, error, self._next_step) from error
        self._size += written

    def sync(self) -> None:
        """Wait until everything appended would outlive the machine too.

        Raises:
            LLMOpsError: when it cannot be written.
        """
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise cannot_write(self._path, error, self._next_step) from error

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def cannot_write(path: Path, error: OSError, next_step: str = _RESUME) -> LLMOpsError:
    """Return what to raise when the file cannot be written."""
    reason = error.strerror or type(error).__name__
    fault = Fault(where=str(path), seen=f"cannot be written: {reason}", next_step=next_step)
    return LLMOpsError(str(fault))


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
