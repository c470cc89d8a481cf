"""Deployments on the test's own loop, a gateway before them, and a client that sends bytes."""

from __future__ import annotations

import asyncio
import functools
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ParamSpec
from urllib.parse import urlsplit

import aiohttp
from gateway_client import access_log, running_gateway
from multidict import CIMultiDict

from llmops.domain.traffic import Address, Backend, GatewayConfiguration, HealthCheck, Limits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
    from pathlib import Path
    from subprocess import Popen

    from llmops.gateway.client import GatewayClient

    Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

P = ParamSpec("P")
QUICK = HealthCheck(interval_seconds=0.02, timeout_seconds=5)
PATIENT = Limits(grace_seconds=10)


def on_a_loop(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Make a test of a coroutine."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@dataclass(frozen=True, kw_only=True)
class Message:
    """A request or an answer as it was on the wire."""

    start: str
    headers: CIMultiDict[str]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.start.split()[1])


async def receive(reader: asyncio.StreamReader, *, bodiless: bool = False) -> Message:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    fields = (line.partition(": ") for line in lines)
    headers = CIMultiDict((name, value) for name, _, value in fields)
    body = b""
    if headers.get("Transfer-Encoding") == "chunked" and not bodiless:
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    elif not bodiless:
        body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    return Message(start=start, headers=headers, body=body)


def says(content: bytes, *lines: str, status: str = "200 OK") -> Script:
    """Answer so to every request."""
    head = [f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(content)}", "", ""]
    answer = "\r\n".join(head).encode() + content

    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return script


async def breaks_off(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the connection instead of an answer."""
    writer.transport.abort()


async def is_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Do not answer as long as the other side waits."""
    await reader.read()


@dataclass(kw_only=True)
class DeploymentDouble:
    """Keeps what it was sent and answers as told; to `/ready` 200 as long as it is `ready`."""

    script: Script
    ready: bool = True
    received: list[Message] = field(default_factory=list[Message])
    checks: int = 0
    port: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    @property
    def address(self) -> Address:
        return Address(port=self.port)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections, and end those that are open."""
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                message = await receive(reader)
                if message.start.startswith("GET /ready "):
                    self.checks += 1
                    status = "200 OK" if self.ready else "503 Not Now"
                    await says(b"", status=status)(reader, writer)
                else:
                    self.received.append(message)
                    await self.script(reader, writer)
        self._open.discard(writer)
        writer.close()


@dataclass(kw_only=True)
class Rig:
    """A gateway and what is behind it, by name."""

    folder: Path
    gateway: GatewayClient
    doubles: dict[str, DeploymentDouble]
    configuration: GatewayConfiguration
    processes: list[Popen[bytes]] = field(default_factory=list["Popen[bytes]"])

    async def split(self, **percent: int) -> None:
        """Change the shares; who is not named has none."""
        backends = (
            replace(each, percent=percent.get(each.name, 0)) for each in self.configuration.backends
        )
        self.configuration = replace(self.configuration, backends=tuple(backends))
        await self.gateway.apply(self.configuration)

    def log(self) -> list[dict[str, Any]]:
        return access_log(self.folder)

    async def metrics(self) -> dict[str, float]:
        """Return the samples of the control side's `/metrics`."""
        headers = {"Authorization": f"Bearer {self.gateway.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{self.gateway.control}/metrics") as answer,
        ):
            lines = (await answer.text()).splitlines()
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    @asynccontextmanager
    async def connection(
        self,
    ) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        address = urlsplit(self.gateway.address)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def send(self, *lines: str, body: bytes = b"", bodiless: bool = False) -> Message:
        """Send one request on a connection of its own; the lines are its head as it is."""
        async with self.connection() as (reader, writer):
            writer.write(head(*lines) + body)
            return await receive(reader, bodiless=bodiless)

    async def score(self, *lines: str, body: bytes = b"{}") -> Message:
        """Send a request of the usual kind."""
        return await self.send(
            "POST /score HTTP/1.1",
            "Host: here",
            f"Content-Length: {len(body)}",
            *lines,
            body=body,
        )


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@asynccontextmanager
async def rig(
    folder: Path,
    *shares: tuple[str, int],
    sticky: str = "",
    health: HealthCheck = QUICK,
    limits: Limits = PATIENT,
) -> AsyncGenerator[Rig]:
    """Run a gateway before a double for each (name, percent); each says its name."""
    async with AsyncExitStack() as stack:
        doubles = {name: DeploymentDouble(script=says(name.encode())) for name, _ in shares}
        for double in doubles.values():
            await double.start()
            stack.push_async_callback(double.stop)
        configuration = GatewayConfiguration(
            backends=tuple(
                Backend(name=name, addresses=(doubles[name].address,), percent=percent)
                for name, percent in shares
            ),
            sticky=sticky,
            health=health,
            limits=limits,
        )
        gateway = await stack.enter_async_context(running_gateway(folder, configuration))
        yield Rig(folder=folder, gateway=gateway, doubles=doubles, configuration=configuration)
