"""docker, podman or buildah, through its command: the one interface that all of them keep."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from llmops.concurrency import together
from llmops.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

EngineName = Literal["docker", "podman", "buildah"]
IMAGE_LOGS: Final = "/var/log/llmops"
"""Where an image of a release writes its production log."""
IMAGE_PORT: Final = 8080
IMAGE_USER: Final = 10001
ENGINES: Final = cast("tuple[EngineName, ...]", get_args(EngineName))
_LAST_LINES: Final = 15
_LINE_BYTES: Final = 1024 * 1024  # a line of a build's output may hold a whole progress bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine that is there; `program` is its file."""

    name: EngineName
    program: str

    async def run(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> str:
        """Return what a command of the engine writes on standard output.

        `variables` are added to its environment, where no process list shows them. `tell` is given
        each line of standard output and error as it comes.

        Raises:
            TargetError: with the last lines it wrote, when it fails.
        """
        process = await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(variables or {})},
            limit=_LINE_BYTES,
        )
        output, errors = _Lines(tell), _Lines(tell)
        pipes = cast(
            "tuple[asyncio.StreamReader, asyncio.StreamReader]", (process.stdout, process.stderr)
        )
        try:
            await together([output.read(pipes[0]), errors.read(pipes[1])])
            code = await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            raise
        if code:
            last = [*errors.last] or [*output.last]
            said = "".join(f"\n  {line}" for line in last)
            raise TargetError(f"{self.name} {arguments[0]}: failed with exit code {code}:{said}")
        return "\n".join(output.all)


class _Lines:
    """The lines of a stream."""

    def __init__(self, tell: Callable[[str], None] | None) -> None:
        self._tell = tell
        self.all: list[str] = []

    @property
    def last(self) -> Sequence[str]:
        return deque((line for line in self.all if line.strip()), _LAST_LINES)

    async def read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self.all.append(text)
            if self._tell:
                self._tell(text)


async def find_engine(
    name: EngineName | None = None, among: Sequence[EngineName] = ENGINES
) -> Engine:
    """Return the engine of that name, or the first that is there and answers.

    Raises:
        TargetError: saying of each why it cannot be used.
    """
    wanted: Sequence[EngineName] = (name,) if name else among
    reasons: list[str] = []
    for each in wanted:
        program = shutil.which(each)
        if program is None:
            reasons.append(f"{each}: not found on PATH")
            continue
        engine = Engine(name=each, program=program)
        try:
            await engine.run("version")  # docker's command may be there without its daemon
        except TargetError as error:
            reasons.append(str(error))
        else:
            return engine
    next_step = f"install or start {' or '.join(wanted)}"
    raise TargetError("\n".join(["no container engine can be used", *reasons, next_step]))
