"""Starts HAProxy where the built-in gateway would be, and ends it as gently."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING, Final

from llmops.errors import ConfigError, Fault, TargetError
from llmops.gateway.access_log import BoundedFile
from llmops.gateway.configuration import read_configuration
from llmops.gateway.folder import ACCESS_LOG, CONFIGURATION_FILE, UNIT_KEY, write_private
from llmops.gateway.haproxy import HAProxy
from llmops.gateway.haproxy_configuration import render
from llmops.gateway.haproxy_log import as_logged
from llmops.gateway.owner import address_of, controlled, listen
from llmops.gateway.units import secret_of

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncGenerator
    from pathlib import Path

_FILE: Final = "haproxy.cfg"
_SOCKET: Final = "haproxy.sock"
_POLL_SECONDS: Final = 0.02
_POLLS: Final = 1500


async def run_haproxy(folder: Path, host: str, port: int) -> None:
    """Serve what `gateway.json` in the folder says until cancelled.

    Raises:
        ConfigError: when the configuration is wrong, HAProxy cannot do it or is not installed, or
            the port is taken.
        TargetError: when HAProxy ends by itself.
    """
    router = HAProxy(read_configuration(folder / CONFIGURATION_FILE), (folder / _SOCKET).absolute())
    router.require_possible(router.configuration)
    await _end_orphan(router)
    async with AsyncExitStack() as stack:
        log = stack.enter_context(closing(BoundedFile(folder / ACCESS_LOG)))
        with listen(host, port) as listener:
            address = address_of(listener)
            secret = secret_of(folder / UNIT_KEY)
            text = render(router.configuration, listener.fileno(), router.socket, secret)
            write_private(folder / _FILE, text.encode())
            process = await stack.enter_async_context(_running(folder / _FILE, listener, log))
            await _until(router, process.pid, process)
        await stack.enter_async_context(controlled(folder, router, address))
        await _keep_log(process, log)
        raise TargetError(f"haproxy: ended with {await process.wait()}; its words are above")


async def _end_orphan(router: HAProxy) -> None:
    """Let one whose parent was killed answer what it has, and make room."""
    if pid := await router.pid():
        os.kill(pid, signal.SIGUSR1)
        await _until(router, pid=None)


@asynccontextmanager
async def _running(
    file: Path, listener: socket.socket, log: BoundedFile
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run HAProxy; at the end it answers what it has, and its whole log is kept."""
    try:
        process = await asyncio.create_subprocess_exec(
            *("haproxy", "-db", "-f", str(file)),
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(listener.fileno(),),
        )
    except FileNotFoundError:
        step = "install it, or use the built-in gateway"
        fault = Fault(where="haproxy", seen="there is no such program", next_step=step)
        raise ConfigError([fault]) from None
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGUSR1)
            await _keep_log(process, log)
            await process.wait()


async def _until(
    router: HAProxy, pid: int | None, process: asyncio.subprocess.Process | None = None
) -> None:
    """Wait until this process answers, or none does."""
    for _ in range(_POLLS):
        if await router.pid() == pid:
            return
        if process and process.returncode is not None:
            raise TargetError(f"haproxy: ended with {process.returncode}; its words are above")
        await asyncio.sleep(_POLL_SECONDS)
    raise TargetError(f"haproxy: no change within {_POLLS * _POLL_SECONDS:g} s; end it by hand")


async def _keep_log(process: asyncio.subprocess.Process, log: BoundedFile) -> None:
    """Keep its lines until it ends."""
    if process.stdout:
        while line := await process.stdout.readline():
            log.write(as_logged(line))
