"""Measures `llmops serve` beside `pf flow serve`: one flow, one stub, one client, in one run.

python benchmarks/serve.py [--seconds 4] [--rounds 2] [--clients 32]

Both serve benchmarks/w1/flow with a process each. "Ready" is the time from the command to the
first answer of /health. The rounds take turns, so that a disturbance meets both; the best counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from run import HERE, PROJECT, stub

from llmops.concurrency import together
from llmops.domain.configuration import Configuration
from llmops.flows import load_flow
from llmops.promptflow_switches import set_switches
from llmops.registries.folder import FolderRegistry

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

BIN = Path(sys.executable).parent
FLOW = HERE / "w1" / "flow"
KEY = "no-key-is-needed-here"
KEYRING = """\
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        return "bm8tc2VjcmV0LW5vLXNlY3JldC1uby1zZWNyZXQhISE="

    def set_password(self, service, username, password): ...
"""
BODY = json.dumps({"text": "the order came late but support answered within an hour"}).encode()
HEADERS = {"Content-Type": "application/json"}


def write_release(folder: Path) -> Path:
    """Write the flow as a release; nobody approves of it here."""

    def write(place: Path, number: int) -> dict[str, object]:
        file = load_flow(FLOW).bake(Configuration(), place / "flow")
        connection = {
            "name": "stub",
            "connection_type": "OpenAIConnection",
            "base_url": "${STUB_URL}",
            "api_key": "${STUB_KEY}",
        }
        (place / "connections.json").write_text(json.dumps([connection]))
        return {
            "name": "w1",
            "number": number,
            "created": "",
            "flow": f"flow/{file}",
            "configuration": {"label": "default"},
            "inputs": {"text": "string"},
            "outputs": ["label"],
            "connections": ["stub"],
            "packages": {},
            "lineage": {},
        }

    registry = FolderRegistry(root=folder)
    release = registry.add("w1", write)
    return registry.folder(release.name, release.number)


def connect_promptflow(folder: Path, url: str) -> None:
    """Tell promptflow where the stub is, in a home of its own that calls nobody."""
    os.environ["PF_HOME_DIRECTORY"] = str(folder / "promptflow")
    set_switches()
    (folder / "fixed_keyring.py").write_text(KEYRING)  # a machine without a desktop has none
    os.environ["PYTHONPATH"] = str(folder)
    os.environ["PYTHON_KEYRING_BACKEND"] = "fixed_keyring.Keyring"
    file = folder / "connection.yaml"
    file.write_text(f"name: stub\ntype: open_ai\nbase_url: {url}\napi_key: {KEY}\n")
    command = [str(BIN / "pf"), "connection", "create", "--file", str(file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def started(command: Sequence[str], variables: Mapping[str, str]) -> Generator[float]:
    """Run a server on the port that ends its command; give the seconds until it answers."""
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **variables}, stdout=output, stderr=output
        )
        try:
            asyncio.run(until_healthy(f"http://127.0.0.1:{command[-1]}", process))
            yield time.perf_counter() - begun
        finally:
            process.terminate()
            process.wait()


async def until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    async with aiohttp.ClientSession(url) as session:
        while process.poll() is None:
            try:
                async with session.get("/health") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)
    sys.exit(f"{process.args} ended with {process.returncode}")


async def rate(url: str, clients: int, seconds: float) -> float:
    """Return the answers a second; any that is not good ends the measurement."""
    answered = 0

    async def client(session: aiohttp.ClientSession) -> None:
        nonlocal answered
        while time.perf_counter() < end:
            async with session.post("/score", data=BODY, headers=HEADERS) as answer:
                if answer.status != 200:
                    sys.exit(f"{url} answered {answer.status}: {await answer.text()}")
                await answer.read()
            answered += 1

    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=0)) as session:
        end = time.perf_counter() + 0.5
        await together([client(session) for _ in range(clients)])  # the first requests are slow
        answered, begun = 0, time.perf_counter()
        end = begun + seconds
        await together([client(session) for _ in range(clients)])
        return answered / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--clients", type=int, default=32)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="llmops-serve-"))
    with stub(PROJECT / "tests" / "fakes" / "llm_stub.py", 0) as server:
        url = f"{server.root}/v1"
        server.ask("/reset?latency_ms=0", post=True)
        connect_promptflow(folder, url)
        serve = [str(BIN / "llmops"), "serve", str(write_release(folder)), "--project", str(folder)]
        commands = {
            "llmops serve": [*serve, "--port"],
            "pf flow serve": [
                *(str(BIN / "pf"), "flow", "serve", "--source", str(FLOW)),
                *("--skip-open-browser", "--port"),
            ],
        }
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                port = free_port()
                variables = {"STUB_URL": url, "STUB_KEY": KEY}
                with started([*command, str(port)], variables) as ready:
                    address = f"http://127.0.0.1:{port}"
                    found = asyncio.run(rate(address, arguments.clients, arguments.seconds))
                measured[name].append((found, ready))
    for path in folder.rglob("*"):
        path.chmod(0o700)  # a release is read-only
    shutil.rmtree(folder)
    report(measured)


def report(measured: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    print(f"{'':16}{'requests/s':>12}{'worst':>8}{'ready s':>9}{'worst':>8}")
    best: list[tuple[float, float]] = []
    for name, rounds in measured.items():
        rates, times = zip(*rounds, strict=True)
        best.append((max(rates), min(times)))
        print(f"{name:16}{max(rates):12.0f}{min(rates):8.0f}{min(times):9.2f}{max(times):8.2f}")
    (own_rate, own_ready), (peer_rate, peer_ready) = best
    print(f"ratio: {own_rate / peer_rate:.1f} times the requests, ready in "
          f"{own_ready / peer_ready:.2f} of the time")  # fmt: skip


if __name__ == "__main__":
    main()
