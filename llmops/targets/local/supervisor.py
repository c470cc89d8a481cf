"""The process that keeps a folder's processes alive: `python -m ... FOLDER`; see `supervised`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llmops.concurrency import run_interruptible, together
from llmops.errors import LLMOpsError
from llmops.targets.local.supervised import ProcessState, Supervised, locked, until

if TYPE_CHECKING:
    from llmops.targets.local.supervised import Wanted

_TETHERED: Final = Path(__file__).with_name("tethered.py")
_STEADY_SECONDS: Final = 60.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_LOG: Final = logging.getLogger(__name__)


class _Unwanted(Exception):  # noqa: N818  the ordinary end
    """The folder wants no process any more."""


def main() -> None:
    """Take the folder in care, in a process that nobody waits for."""
    supervised = Supervised(Path(sys.argv[1]))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        asyncio.run(locked(supervised.folder))  # until this process ends
    except LLMOpsError:
        return  # another supervisor has it
    if os.fork():
        os._exit(0)  # who started us goes on: our child holds the lock
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with suppress(asyncio.CancelledError):
        run_interruptible(_supervise(supervised))


async def _supervise(supervised: Supervised) -> None:
    """Keep the processes alive until they are not wanted, or this is cancelled."""
    if wanted := supervised.wanted:
        keeper = _Keeper(supervised, wanted)
        with suppress(_Unwanted):
            await together([_watch(supervised), *map(keeper.keep, range(len(wanted.programs)))])


async def _watch(supervised: Supervised) -> None:
    await until(lambda: not supervised.is_wanted)
    raise _Unwanted


@dataclass
class _Keeper:
    """Starts each process, and starts it again when it has ended."""

    supervised: Supervised
    wanted: Wanted
    states: list[ProcessState] = field(init=False)

    def __post_init__(self) -> None:
        """Begin without any."""
        self.states = [ProcessState() for _ in self.wanted.programs]

    async def keep(self, index: int) -> None:
        """Keep one alive; the sooner and the more often it ends, the longer the pause."""
        failures = 0
        while True:
            started = time.monotonic()
            try:
                ending = await self._run(index)
            except OSError as error:
                ending = f"could not be started: {error.strerror}"
            failures = 0 if time.monotonic() - started > _STEADY_SECONDS else failures + 1
            before = self.states[index]
            self._tell(index, replace(before, pid=None, endings=before.endings + 1, ending=ending))
            if failures > 1:
                await asyncio.sleep(min(_LONGEST_PAUSE_SECONDS, 2.0 ** (failures - 3)))

    async def _run(self, index: int) -> str:
        """Start one and return how it ended; it is ended when this is cancelled."""
        with self.supervised.log(index + 1).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", _TETHERED, *self.wanted.programs[index]),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._tell(index, replace(self.states[index], pid=process.pid))
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await self._end(process)
            raise
        return f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}"

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Let it finish what it has; it is our child, so the number is its own until we wait."""
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self.wanted.grace_seconds):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def _tell(self, index: int, state: ProcessState) -> None:
        self.states[index] = state
        _LOG.info("process %d: %s", index + 1, state)
        try:
            self.supervised.tell(tuple(self.states))
        except LLMOpsError as error:  # a full disk must not end what serves
            _LOG.warning("%s", error)


if __name__ == "__main__":
    main()
