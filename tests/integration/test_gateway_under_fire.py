"""Weights change 200 times, a deployment is killed and another replaced, and no client notices.

"Answered twice" is counted where the answers are made. A request may be *begun* twice: when its
deployment dies before it has answered, another one works on it, for nothing can have been answered.
"""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import counting_backend
from gateway_client import access_log, connected, is_up, until

from llmops.concurrency import together
from llmops.domain.traffic import Address, Backend, GatewayConfiguration, HealthCheck
from llmops.gateway.configuration import write_configuration
from llmops.gateway.folder import CONFIGURATION_FILE

if TYPE_CHECKING:
    from llmops.gateway.client import GatewayClient
    from llmops.gateway.status import RouterStatus

CLIENTS = 32
REQUESTS = 51_200
CHANGES = 200
KILLED, BACK, REPLACED = 70, 110, 150
DELAY = 0.002


def free_port() -> int:
    """Return a port to listen on again and again."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def in_work(status: RouterStatus, name: str) -> int:
    [deployment] = (each for each in status.deployments if each.name == name)
    return sum(each.in_flight for each in deployment.instances)


@dataclass(kw_only=True)
class Fleet:
    """Three deployments; only as many as are wanted run."""

    folder: Path
    stack: ExitStack
    ports: dict[str, int] = field(default_factory=dict[str, int])
    processes: dict[str, subprocess.Popen[bytes]] = field(
        default_factory=dict[str, subprocess.Popen[bytes]]
    )

    def start(self, name: str) -> None:
        if name not in self.ports:
            self.ports[name] = free_port()
            for kind in ("begun", "answered"):
                (self.folder / f"{name}.{kind}").write_bytes(bytes(REQUESTS))
        port, records = str(self.ports[name]), str(self.folder / name)
        command = [sys.executable, counting_backend.__file__, port, records, str(DELAY)]
        process = self.stack.enter_context(subprocess.Popen(command))
        self.stack.callback(process.kill)
        self.processes[name] = process

    async def listens(self, name: str) -> None:
        async with asyncio.timeout(60):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.ports[name])
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
                else:
                    return writer.close()

    async def kill(self, name: str, gateway: GatewayClient) -> None:
        """End it as `kill -9` does, when it is sure to have requests in work."""
        self.processes[name].send_signal(signal.SIGSTOP)
        await until(gateway, lambda status: in_work(status, name) > 0)
        self.processes[name].kill()
        self.processes[name].wait()

    def counted(self, kind: str) -> list[int]:
        """Return how often each request was begun, or answered, by all together."""
        files = [(self.folder / f"{name}.{kind}").read_bytes() for name in self.ports]
        return [sum(counts) for counts in zip(*files, strict=True)]

    def split(self, **percent: int) -> GatewayConfiguration:
        backends = [
            Backend(name=name, addresses=(Address(port=self.ports[name]),), percent=each)
            for name, each in percent.items()
        ]
        health = HealthCheck(interval_seconds=0.1)
        return GatewayConfiguration(backends=tuple(backends), health=health)


def value(head: bytes, name: bytes) -> bytes:
    return head.partition(b"\r\n" + name + b": ")[2].partition(b"\r\n")[0]


@dataclass(kw_only=True)
class Load:
    """What the clients got, by number; `failed` has what was no good answer."""

    deployments: dict[int, str] = field(default_factory=dict[int, str])
    failed: list[str] = field(default_factory=list[str])
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def client(self, url: str, numbers: range) -> None:
        """Send one request after the other on one connection."""
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for number in numbers:
            content = f"question {number}".encode()
            head = (
                f"POST /score HTTP/1.1\r\nHost: gateway\r\nX-Request-Id: {number}\r\n"
                f"Content-Length: {len(content)}\r\n\r\n"
            )
            writer.write(head.encode() + content)
            answer = await reader.readuntil(b"\r\n\r\n")
            got = await reader.readexactly(int(value(answer, b"Content-Length")))
            if not answer.startswith(b"HTTP/1.1 200 ") or got != content:
                self.failed.append(f"{number}: {answer[:60]!r} {got!r}")
            self.deployments[number] = value(answer, b"X-Deployment").decode()
            self.moved.set()
        writer.close()
        await writer.wait_closed()

    async def until(self, answered: int) -> None:
        while len(self.deployments) < answered:
            self.moved.clear()
            await self.moved.wait()


def test_no_request_fails_and_none_is_answered_twice(tmp_path: Path) -> None:
    with ExitStack() as stack:
        fleet = Fleet(folder=tmp_path, stack=stack)
        fleet.start("prior")
        fleet.start("current")
        write_configuration(tmp_path / CONFIGURATION_FILE, fleet.split(prior=90, current=10))
        gateway = stack.enter_context(
            subprocess.Popen([sys.executable, "-m", "llmops.gateway", str(tmp_path)])
        )
        stack.callback(gateway.kill)
        load = asyncio.run(under_fire(fleet))
        assert gateway.poll() is None
        gateway.terminate()
        assert gateway.wait() == 0
    assert load.failed == []
    log = access_log(tmp_path)
    assert len(log) == len(load.deployments) == REQUESTS
    assert {int(line["request_id"]): line["deployment"] for line in log} == load.deployments
    begun, answered = fleet.counted("begun"), fleet.counted("answered")
    assert max(answered) == 1
    # The kill may fall between an answer and its count, once.
    assert answered.count(0) <= 1
    # Only what was in work when the process died was sent again, and maybe begun again.
    assert 0 <= sum(begun) - REQUESTS <= CLIENTS
    assert any(line["retried"] for line in log)
    assert all(sum((tmp_path / f"{name}.answered").read_bytes()) > 0 for name in fleet.ports)


async def under_fire(fleet: Fleet) -> Load:
    load = Load()
    gateway = await connected(fleet.folder)
    await until(gateway, lambda status: all(each.up for each in status.deployments))
    each = REQUESTS // CLIENTS
    clients = [
        load.client(gateway.address, range(first, first + each))
        for first in range(0, REQUESTS, each)
    ]
    await together([*clients, change(fleet, gateway, load)])
    return load


async def change(fleet: Fleet, gateway: GatewayClient, load: Load) -> None:
    """Change something at even distances; a deployment that is down is never the only one."""
    draw = random.Random(20261121)  # noqa: S311 - shares, no keys
    first = "prior"
    for step in range(1, CHANGES + 1):
        await load.until(step * REQUESTS // (CHANGES + 5))
        if step == KILLED:
            await fleet.kill("current", gateway)
        elif step == BACK:
            fleet.start("current")
            await until(gateway, is_up("current"))
        elif step == REPLACED:
            fleet.start("next")
            await fleet.listens("next")
            first = "next"
        share = draw.choice([5, 10, 50, 90, 95])
        if step + 1 < KILLED or step > BACK:
            share = draw.choice([0, share, 100])
        await gateway.apply(fleet.split(**{first: 100 - share, "current": share}))
        if step == REPLACED:
            await until(gateway, lambda status: not status.leaving)
            fleet.processes["prior"].terminate()
