"""One of several processes that serve a release; see `workers`."""

from __future__ import annotations

import asyncio
import os
import socket
import sys

from llmops.concurrency import run_interruptible
from llmops.errors import LLMOpsError
from llmops.serving.served import prepare
from llmops.serving.server import serve, share
from llmops.serving.workers import READY, Task


def main() -> None:
    """Serve what the parent says until it ends us, or ends."""
    parent = socket.socket(fileno=sys.stdin.fileno())
    with parent.makefile("rb") as lines:
        task = Task.model_validate_json(lines.readline())
    try:
        run_interruptible(_work(parent, task))
    except asyncio.CancelledError:
        os._exit(0)  # a tool that blocks in a thread must not keep us
    except LLMOpsError as error:
        print(error, file=sys.stderr)  # noqa: T201  the parent can't know it
        sys.exit(error.exit_code)


async def _work(parent: socket.socket, task: Task) -> None:
    served = prepare(task.project, str(task.release), task.digest)
    settings = task.settings
    loop, own = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        loop.remove_reader(parent)
        if own and not own.cancelling():
            own.cancel()

    loop.add_reader(parent, end)
    listener = share(settings.host, settings.port)
    await serve(served, settings, listener, lambda: parent.sendall(READY))


if __name__ == "__main__":
    main()
