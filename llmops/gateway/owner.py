"""The owner's side of a gateway: its port on loopback, and the file that says where it is."""

from __future__ import annotations

import json
import os
import secrets
import socket
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from llmops.concurrency import Threads
from llmops.errors import ConfigError, Fault
from llmops.gateway.control import Control
from llmops.gateway.folder import CONFIGURATION_FILE, CONTROL_FILE, write_private

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from llmops.gateway.router import Router


@asynccontextmanager
async def controlled(folder: Path, router: Router, address: str) -> AsyncGenerator[None]:
    """Let the owner control a router that takes requests at an address, while the block lasts.

    While it does there is `control.json`, for its owner's eyes only: the process, the address,
    and the address and token of the control side.
    """
    async with AsyncExitStack() as stack:
        control = Control(
            router=router,
            file=folder / CONFIGURATION_FILE,
            token=secrets.token_urlsafe(32),
            threads=stack.enter_context(closing(Threads(1))),
        )
        listener = stack.enter_context(listen("127.0.0.1", 0))
        runner = web.AppRunner(control.application(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listener).start()
        stack.enter_context(_announced(folder, address, address_of(listener), control.token))
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections; port 0 is any.

    Raises:
        ConfigError: when the address cannot be used.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        fault = Fault(
            where=f"{host}:{port}",
            seen=f"cannot be used: {error.strerror}",
            next_step="choose another port, or 0 for any that is free",
        )
        raise ConfigError([fault]) from error


def address_of(listener: socket.socket) -> str:
    """Return where a socket takes connections, as a URL begins."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _announced(folder: Path, address: str, control: str, token: str) -> Generator[None]:
    content = {"pid": os.getpid(), "address": address, "control": control, "token": token}
    file = folder / CONTROL_FILE
    write_private(file, json.dumps(content).encode())
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
