"""The parent's side of the embedded model: one child process for all who use the same model."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Final, cast

from llmops.model_api.json_values import mapping, parsed

_SCRIPT: Final = Path(__file__).with_name("server.py")
_START_SECONDS: Final = 120.0
_SPINS: Final = "0"
"""How long a thread waits awake: beside another busy process, 5.6 calls a second against 0.6 with
10,000 turns."""


class StartError(Exception):
    """The child did not become ready; the message says why."""


def _processors() -> int:
    """Return how many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What decides which process answers.

    `threads` is half of the processors: on two, one thread answers as many calls as two that wait
    for each other, and no fewer when others are busy.
    """

    model: str
    alias: str
    context: int
    prompts_kept: int
    threads: int = field(default_factory=lambda: max(1, min(_processors() // 2, 8)))


class EmbeddedServer:
    """A running child; hold `turn` for a call, as an answer depends on who shares its batch."""

    def __init__(self, settings: ServerSettings) -> None:
        """Start the process; it ends when this process does."""
        self.key = secrets.token_urlsafe(24)
        self.turn = asyncio.Lock()
        self.users = 0
        self._settings = settings
        self._starting = asyncio.Lock()
        self._address = ""
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-P", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"GOMP_SPINCOUNT": _SPINS, **os.environ},
        )
        self._input = cast("IO[bytes]", self._process.stdin)
        self._output = cast("IO[bytes]", self._process.stdout)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    async def address(self) -> str:
        """Return its URL once it is ready.

        Raises:
            StartError: when it ends, reports an error or takes too long.
        """
        async with self._starting:
            if not self._address:
                try:
                    async with asyncio.timeout(_START_SECONDS):
                        self._address = await asyncio.to_thread(self._hello)
                except TimeoutError:
                    raise StartError(f"not ready within {_START_SECONDS:.0f} s") from None
            return self._address

    def ended(self) -> str:
        """Return how the process ended; empty while it runs."""
        code = self._process.poll()
        if code is None:
            return ""
        return f"its process ended with {f'signal {-code}' if code < 0 else f'code {code}'}"

    def stop(self) -> None:
        """End the process; it has nothing to save."""
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            self._input.close()
        self._output.close()

    def _hello(self) -> str:
        line = json.dumps({**asdict(self._settings), "key": self.key})
        with suppress(BrokenPipeError):  # it has ended: there is no answer, and a code below
            self._input.write(f"{line}\n".encode())
            self._input.flush()
        answer = mapping(parsed(self._output.readline()))
        if address := answer.get("address"):
            return str(address)
        self._process.wait()
        raise StartError(str(answer.get("error") or self.ended()))


_running: Final[dict[ServerSettings, EmbeddedServer]] = {}


async def lease(settings: ServerSettings) -> tuple[EmbeddedServer, str]:
    """Return the server for these settings, started if need be, and its address.

    Raises:
        StartError: when it cannot be started.
    """
    server = _running.get(settings)
    if server is None or server.ended():
        server = _running[settings] = EmbeddedServer(settings)
    server.users += 1
    try:
        return server, await server.address()
    except BaseException:
        release(server)
        raise


def release(server: EmbeddedServer) -> None:
    """Give a lease back; the last one ends the process."""
    server.users -= 1
    if not server.users:
        for settings, running in tuple(_running.items()):
            if running is server:
                del _running[settings]
        server.stop()
