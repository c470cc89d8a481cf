"""One process at a time writes a run, or the ledger.

The operating system's own lock: it ends with the process, however that dies, and costs no import.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llmops.errors import Fault, LLMOpsError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # behind the process id, which stays readable
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

    def _wait_for(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _wait_for(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


class RunLock:
    """The exclusive right to write a run, held from creation to `release`."""

    def __init__(self, folder: Path) -> None:
        """Take the lock.

        Raises:
            LLMOpsError: naming the process that holds it.
        """
        descriptor = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(descriptor)
        except OSError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            fault = Fault(
                where=str(folder),
                seen=f"process {holder} is writing this run",
                allowed="one process at a time",
                next_step="wait for it to end, or end it, then resume",
            )
            raise LLMOpsError(str(fault)) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let others write; the file stays, since removing it could let two processes in."""
        os.close(self._descriptor)


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Hold the lock of this file for a moment, waiting for whoever holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(descriptor)
        yield
    finally:
        os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Return whether a process is writing the run now."""
    try:
        descriptor = os.open(folder / "run.lock", os.O_RDWR)
    except OSError:  # never written here, or a read-only copy
        return False
    try:
        _lock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
