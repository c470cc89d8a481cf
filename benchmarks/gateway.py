"""Measures the gateway beside HAProxy and beside no gateway at all, in one run.

python benchmarks/gateway.py [--seconds 3] [--rounds 3] [--clients 32] [--delay 0]

Two deployments share the requests 90/10; each answers after `--delay` seconds. Client and
deployments do next to nothing, so what is measured is what is between them. The rounds take turns,
so that a disturbance meets all; the best counts. Ratios are to asking a deployment directly.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import raw_http

from llmops.domain.traffic import Address, Backend, GatewayConfiguration
from llmops.gateway.client import read
from llmops.gateway.configuration import write_configuration
from llmops.gateway.folder import CONFIGURATION_FILE

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    Round = tuple[float, list[float]]

SETTINGS = {
    "gateway": ("gateway", ""),
    "gateway, sticky": ("gateway", "header:X-User"),
    "HAProxy": ("haproxy", ""),
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def running(*command: str) -> Generator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, *command], stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def gateway(router: str, sticky: str, ports: Sequence[int]) -> Generator[int]:
    """Run a gateway before the deployments; give its port."""
    shares = zip(("prior", "current"), ports, (90, 10), strict=True)
    backends = tuple(
        Backend(name=name, addresses=(Address(port=port),), percent=percent)
        for name, port, percent in shares
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configuration = GatewayConfiguration(backends=backends, sticky=sticky)
        write_configuration(folder / CONFIGURATION_FILE, configuration)
        with running("-m", "llmops.gateway", name, "--router", router):
            yield asyncio.run(port_of(folder))


async def port_of(folder: Path) -> int:
    async with asyncio.timeout(30):
        while True:
            if found := read(folder):
                return urlsplit(found.address).port or 0
            await asyncio.sleep(0.02)


async def listens(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                return writer.close()


def measured(ports: Mapping[str, int], arguments: argparse.Namespace) -> dict[str, list[Round]]:
    rounds: dict[str, list[Round]] = {name: [] for name in ports}
    for _ in range(arguments.rounds):
        for name, port in ports.items():
            asyncio.run(raw_http.ask(port, arguments.clients, 0.5))  # the first ones are slow
            found = asyncio.run(raw_http.ask(port, arguments.clients, arguments.seconds))
            rounds[name].append(found)
    return rounds


def report(rounds: Mapping[str, Sequence[Round]]) -> None:
    best = {name: max(each) for name, each in rounds.items()}
    direct = best["direct"][0]
    print(f"{'':18}{'requests/s':>12}{'worst':>8}{'ratio':>7}{'p50 ms':>8}{'p99 ms':>8}")
    for name, (rate, seconds) in best.items():
        p50, p99 = (1000 * seconds[int(len(seconds) * each)] for each in (0.5, 0.99))
        worst = min(rounds[name])[0]
        print(f"{name:18}{rate:12.0f}{worst:8.0f}{rate / direct:7.2f}{p50:8.2f}{p99:8.2f}")
    print(json.dumps({name: round(rate / direct, 3) for name, (rate, _) in best.items()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--delay", type=float, default=0)
    arguments = parser.parse_args()
    behind = [free_port(), free_port()]
    with ExitStack() as stack:
        for port in behind:
            stack.enter_context(running(raw_http.__file__, str(port), str(arguments.delay)))
            asyncio.run(listens(port))
        ports = {"direct": behind[0]}
        for name, (router, sticky) in SETTINGS.items():
            if router == "haproxy" and not shutil.which("haproxy"):
                print("no haproxy here: it is left out")
                continue
            ports[name] = stack.enter_context(gateway(router, sticky, behind))
        report(measured(ports, arguments))


if __name__ == "__main__":
    main()
