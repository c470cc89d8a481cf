"""Several processes on one port: each listens for itself, and the system shares connections out.

The parent and a worker talk over a socket that is the worker's standard input: the parent writes
what to serve, the worker answers when it is ready, and the end of either is seen by the other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from prometheus_client import multiprocess
from pydantic import BaseModel

from llmops.concurrency import for_each
from llmops.errors import ConfigError, Fault, TargetError
from llmops.serving.json_logging import FIELDS, log_as_json
from llmops.serving.metrics import FOLDER_VARIABLE
from llmops.serving.server import listen, share
from llmops.serving.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from llmops.serving.served import Served


class Task(BaseModel):
    """What a worker is to serve; `release` is a folder, `digest` what is in it."""

    project: Path
    release: Path
    digest: str
    settings: Settings


READY: Final = b"ready\n"
_LOG: Final = logging.getLogger(__name__)


async def serve_with_workers(
    served: Served, settings: Settings, project: Path, announce: Callable[[socket.socket], None]
) -> None:
    """Serve with several processes until cancelled; each loads the release for itself.

    `announce` is given a socket that has the address, when all workers are ready.

    Raises:
        ConfigError: when the port cannot be used.
        TargetError: when a worker cannot start.
    """
    log_as_json(served.redact, deployment=settings.deployment, release=served.release.label)
    with _reserved(settings) as place, _counted_together():
        port = place.getsockname()[1]
        task = Task(
            project=project,
            release=served.folder,
            digest=served.release.digest,
            settings=replace(settings, port=port),
        )
        workers = _Workers(
            task=task.model_dump_json().encode() + b"\n",
            count=settings.workers,
            announce=lambda: announce(place),
        )
        await for_each(range(1, settings.workers + 1), workers.keep, settings.workers)


@dataclass(slots=True, kw_only=True)
class _Workers:
    """Keeps `count` workers alive; `announce` is called when all have been ready."""

    task: bytes
    count: int
    announce: Callable[[], None]
    _ready: set[int] = field(default_factory=set[int])

    async def keep(self, number: int) -> None:
        """Run one worker, and another after it, until cancelled.

        Raises:
            TargetError: when one ends before it was ready.
        """
        while True:
            ours, theirs = socket.socketpair()
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "llmops.serving.worker"),
                    stdin=theirs.fileno(),
                    start_new_session=True,  # Ctrl-C comes to the parent only, who passes it on
                )
            reader, writer = await asyncio.open_connection(sock=ours)
            try:
                writer.write(self.task)
                if was_ready := await reader.readline() == READY:
                    self._count(number)
                code = await process.wait()
            except asyncio.CancelledError:
                process.terminate()
                await process.wait()
                raise
            finally:
                writer.close()
            if not was_ready:
                raise TargetError(f"worker {number} ended with {code} before it was ready")
            _forget(process.pid)
            _LOG.error("a worker ended, another starts", extra={FIELDS: {"code": code}})

    def _count(self, number: int) -> None:
        if number not in self._ready:
            self._ready.add(number)
            if len(self._ready) == self.count:
                self.announce()


@contextmanager
def _reserved(settings: Settings) -> Generator[socket.socket]:
    """Hold the port without listening, so that it stays ours while workers come and go."""
    if not hasattr(socket, "SO_REUSEPORT"):
        seen = "this system cannot share a port"
        raise ConfigError([Fault(where="--workers", seen=seen, allowed="allowed: 1")])
    with listen(settings.host, settings.port) as alone:  # sharing would not notice another server
        port = alone.getsockname()[1]
    with share(settings.host, port) as place:
        yield place


@contextmanager
def _counted_together() -> Generator[None]:
    """Give the workers a folder in which their metrics meet."""
    with tempfile.TemporaryDirectory(prefix="llmops-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER_VARIABLE]


def _forget(pid: int) -> None:
    """Count no request of a process that is gone as in work."""
    mark = cast("Callable[[int], None]", getattr(multiprocess, "mark_process_dead"))  # noqa: B009  it has no types
    mark(pid)
