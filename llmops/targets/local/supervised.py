"""A folder that wants processes, and a supervisor that keeps them alive for as long as it does.

No process is signalled by its number but by its parent, so none can be mistaken for another:
the folder's lock tells whether a supervisor lives, the end of `wanted.json` tells the supervisor
to end, and the end of a pipe tells the processes that their supervisor is gone.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from llmops.errors import LLMOpsError, TargetError
from llmops.store import replacing
from llmops.store.lock import RunLock, is_locked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

T = TypeVar("T")
WANTED: Final = "wanted.json"
PROCESSES: Final = "processes.json"
POLL_SECONDS: Final = 0.1
_LOCK_TRIES: Final = 20
_LAST_BYTES: Final = 4096
_LAST_LINES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One process for each of `programs`: a module and its arguments.

    `grace_seconds` is what a process gets to end by itself.
    """

    programs: tuple[tuple[str, ...], ...]
    working_folder: Path
    grace_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """One of the processes; no `pid` while it waits to be started again.

    `endings` counts how often it has ended, `ending` is how it did the last time.
    """

    pid: int | None = None
    endings: int = 0
    ending: str = ""


_WANTED: Final = TypeAdapter(Wanted)
_PROCESSES: Final = TypeAdapter(tuple[ProcessState, ...])


@dataclass(frozen=True, slots=True)
class Supervised:
    """The folder, as both sides see it."""

    folder: Path

    @property
    def wanted(self) -> Wanted | None:
        """Return what is to run; None: nothing."""
        return read(_WANTED, self.folder / WANTED)

    @property
    def is_wanted(self) -> bool:
        """Tell whether anything is to run."""
        return (self.folder / WANTED).exists()

    @property
    def is_supervised(self) -> bool:
        """Tell whether a supervisor lives."""
        return is_locked(self.folder)

    @property
    def processes(self) -> tuple[ProcessState, ...]:
        """Return the processes as their supervisor, if it lives, has last seen them."""
        return read(_PROCESSES, self.folder / PROCESSES) or ()

    def tell(self, processes: tuple[ProcessState, ...]) -> None:
        """Say how the processes are.

        Raises:
            LLMOpsError: when it cannot be written.
        """
        with replacing(self.folder / PROCESSES) as file:
            file.write(_PROCESSES.dump_json(processes, indent=2))

    def start(self, wanted: Wanted, environment: Mapping[str, str]) -> None:
        """Have the processes run from now on; on return a supervisor has them in its care.

        Raises:
            TargetError: when the folder cannot be written, or nothing can be started.
        """
        with writing(self.folder):
            (self.folder / PROCESSES).unlink(missing_ok=True)
            with replacing(self.folder / WANTED) as file:
                file.write(_WANTED.dump_json(wanted, indent=2))
            with (self.folder / "supervisor.log").open("ab") as log:
                started = subprocess.run(  # noqa: S603  our own module
                    [sys.executable, "-P", "-m", "llmops.targets.local.supervisor", self.folder],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=wanted.working_folder,
                    env={**environment, "PYTHONSAFEPATH": "1"},  # a project may have a llmops/
                    start_new_session=True,
                    check=False,
                )
        if started.returncode:
            where = self.folder / "supervisor.log"
            raise TargetError(f"{self.folder}: no supervisor could be started; {where} says why")

    def release(self) -> None:
        """Have no process run any more; its supervisor, if it lives, ends them and itself."""
        (self.folder / WANTED).unlink(missing_ok=True)

    async def until_ended(self, seconds: float) -> None:
        """Wait until the supervisor is gone, and all its processes with it.

        Raises:
            TargetError: when that takes longer.
        """
        try:
            async with asyncio.timeout(seconds):
                await until(lambda: not self.is_supervised)
        except TimeoutError:
            raise TargetError(f"{self.folder}: its processes do not end") from None

    def log(self, number: int) -> Path:
        """Return where a process, counted from 1, writes what it says."""
        return self.folder / f"{number}.log"

    def last_words(self, number: int, redact: Callable[[str], str]) -> str:
        """Return the end of what a process said, indented; empty when it said nothing."""
        try:
            with self.log(number).open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - _LAST_BYTES))
                said = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        return "".join(f"\n  {line}" for line in redact(said).splitlines()[-_LAST_LINES:])


def read(form: TypeAdapter[T], path: Path) -> T | None:
    """Return what a file holds; None where there is none.

    Raises:
        TargetError: when it cannot be read, or is not what we wrote.
    """
    try:
        return form.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        seen = getattr(error, "strerror", None) or "it is damaged"
        raise TargetError(f"{path}: {seen}; remove {path.parent}, then deploy again") from error


async def locked(folder: Path) -> RunLock:
    """Return a folder's lock.

    Who looks whether it is held holds it for a moment, and so does what a killed command was about
    to start.

    Raises:
        LLMOpsError: when another process keeps it.
    """
    for _ in range(_LOCK_TRIES):
        with suppress(LLMOpsError):
            return RunLock(folder)
        await asyncio.sleep(POLL_SECONDS)
    return RunLock(folder)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    while not holds():  # noqa: ASYNC110  that process has no event of ours
        await asyncio.sleep(POLL_SECONDS)


@contextmanager
def writing(folder: Path) -> Generator[None]:
    """Make the folder, and say what is wrong when nothing can be written there.

    Raises:
        TargetError: then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        seen = f"cannot be written: {error.strerror or error}"
        raise TargetError(f"{folder}: {seen}; mend this, then repeat the command") from error
    except TargetError:
        raise
    except LLMOpsError as error:
        raise TargetError(str(error)) from error
