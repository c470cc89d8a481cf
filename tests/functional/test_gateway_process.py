"""A gateway as a process: its owner's side, its end, its death, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import pytest
from deployment_double import DeploymentDouble, head, on_a_loop, receive, rig, says
from gateway_client import access_log, connected

from llmops.concurrency import together
from llmops.domain.traffic import Backend, GatewayConfiguration
from llmops.errors import ConfigError, TargetError
from llmops.gateway.access_log import AccessLog, BoundedFile
from llmops.gateway.client import read
from llmops.gateway.configuration import read_configuration, write_configuration
from llmops.gateway.exchange import Exchange
from llmops.gateway.folder import CONFIGURATION_FILE, CONTROL_FILE, UNIT_KEY
from llmops.gateway.units import Units

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from llmops.gateway.client import GatewayClient

ONE = ("prior", 100)


@contextmanager
def process(folder: Path, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "llmops.gateway", str(folder), *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as gateway:
        try:
            yield gateway
        finally:
            gateway.kill()


@asynccontextmanager
async def deployment(name: str, seconds: float = 0) -> AsyncGenerator[DeploymentDouble]:
    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await says(name.encode())(reader, writer)

    double = DeploymentDouble(script=slowly)
    await double.start()
    try:
        yield double
    finally:
        await double.stop()


def only(double: DeploymentDouble) -> GatewayConfiguration:
    return GatewayConfiguration(
        backends=(Backend(name="prior", addresses=(double.address,), percent=100),),
        sticky="header:X-User",
    )


async def score(client: GatewayClient) -> int:
    headers = {"X-User": "anna"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{client.address}/score", data=b"{}") as answer,
    ):
        return answer.status


@on_a_loop
async def test_a_signal_under_load_loses_nothing(tmp_path: Path) -> None:
    answered = 0

    async def client(gateway: GatewayClient, running: subprocess.Popen[bytes]) -> str:
        """Ask until told that the connection is not to be used again."""
        nonlocal answered
        address = urlsplit(gateway.address)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while True:
            writer.write(head("POST /score HTTP/1.1", "Host: a", "Content-Length: 2") + b"{}")
            answer = await receive(reader)
            assert (answer.status, answer.body) == (200, b"prior")
            answered += 1
            if answered == 200:
                running.send_signal(signal.SIGTERM)
            if answer.headers.get("Connection") == "close":
                writer.close()
                return "told"

    async with deployment("prior", 0.02) as double:
        write_configuration(tmp_path / CONFIGURATION_FILE, only(double))
        with process(tmp_path) as running:
            gateway = await connected(tmp_path)
            told = await together([client(gateway, running) for _ in range(32)])
            assert await asyncio.to_thread(running.wait, 30) == 0
        assert told == ["told"] * 32
        assert len(double.received) == answered == len(access_log(tmp_path))
    assert read(tmp_path) is None, "who is gone is not announced"


@on_a_loop
async def test_a_killed_gateway_goes_on_where_it_was(tmp_path: Path) -> None:
    async with deployment("prior") as prior, deployment("current") as current:
        write_configuration(tmp_path / CONFIGURATION_FILE, only(prior))
        with process(tmp_path) as running:
            first = await connected(tmp_path)
            assert await score(first) == 200
            changed = replace(only(current), sticky="header:X-User")
            await first.apply(changed)
            assert await score(first) == 200
            running.kill()
            running.wait()
        assert read(tmp_path) == first, "it could not say goodbye"
        with pytest.raises(TargetError, match="does not answer"):
            await first.status()
        port = str(urlsplit(first.address).port)
        with process(tmp_path, "--port", port):
            second = await connected(tmp_path, but_not=first.pid)
            assert second.address == first.address
            assert second.token != first.token
            assert await second.configuration() == changed
            assert await score(second) == 200
        assert (len(prior.received), len(current.received)) == (1, 2)
        units = {line["unit"] for line in access_log(tmp_path)}
        assert len(units) == 1, "a user has the same name after a crash"


@on_a_loop
async def test_who_has_no_token_learns_and_changes_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it, aiohttp.ClientSession() as session:
        before = (tmp_path / CONFIGURATION_FILE).read_bytes()
        tokens = ["", "Bearer ", "Bearer wrong", f"Basic {it.gateway.token}", "Bearer \xe9"]
        for token in tokens:
            for method, path in [
                ("GET", "/gateway/status"),
                ("GET", "/gateway/configuration"),
                ("PUT", "/gateway/configuration"),
                ("GET", "/metrics"),
                ("GET", "/elsewhere"),
            ]:
                url = f"{it.gateway.control}{path}"
                headers = {"Authorization": token} if token else {}
                async with session.request(method, url, data=b"{}", headers=headers) as answer:
                    assert answer.status == 401
                    assert "prior" not in await answer.text()
        assert (tmp_path / CONFIGURATION_FILE).read_bytes() == before
        passed_on = await it.send("GET /gateway/status HTTP/1.1", "Host: a")
        assert passed_on.body == b"prior", "the public side has no such thing of its own"
        for name in (CONTROL_FILE, UNIT_KEY):
            assert (tmp_path / name).stat().st_mode & 0o077 == 0
        assert it.gateway.token not in repr(it.gateway)


@on_a_loop
async def test_a_wrong_configuration_is_refused_with_all_faults_and_changes_nothing(
    tmp_path: Path,
) -> None:
    async with rig(tmp_path, ONE) as it, aiohttp.ClientSession() as session:
        before = (tmp_path / CONFIGURATION_FILE).read_bytes()
        wrong = (
            b'{"backends": [{"name": "a b", "addresses": [{"port": 0}], "percent": 200}],'
            b' "stickyness": "x"}'
        )
        async with session.put(
            f"{it.gateway.control}/gateway/configuration",
            data=wrong,
            headers={"Authorization": f"Bearer {it.gateway.token}"},
        ) as answer:
            text = await answer.text()
        assert answer.status == 400
        for seen in ("port: 0", "stickyness"):
            assert seen in text
        assert (tmp_path / CONFIGURATION_FILE).read_bytes() == before
        assert (await it.score()).status == 200
        gone = replace(it.gateway, token="wrong")  # noqa: S106 - that is the point
        with pytest.raises(TargetError, match="refused with 401"):
            await gone.apply(it.configuration)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "gateway.json: cannot be read"),
        ('{"backends": []', "gateway.json: Invalid JSON"),
        ('{"backends": [{"name": "a"}]}', "gateway.json.backends.0.addresses: Field required"),
    ],
)
@on_a_loop
async def test_a_gateway_that_cannot_begin_says_why(
    tmp_path: Path, content: str | None, said: str
) -> None:
    if content:
        (tmp_path / CONFIGURATION_FILE).write_text(content)
    with process(tmp_path) as gateway:
        _, error = await asyncio.to_thread(gateway.communicate, timeout=60)
    assert gateway.returncode == ConfigError.exit_code
    assert said in error.decode()
    assert read(tmp_path) is None


@on_a_loop
async def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    async with deployment("prior") as double:
        write_configuration(tmp_path / CONFIGURATION_FILE, only(double))
        with process(tmp_path, "--port", str(double.port)) as gateway:
            _, error = await asyncio.to_thread(gateway.communicate, timeout=60)
    assert gateway.returncode == ConfigError.exit_code
    assert f"127.0.0.1:{double.port}: cannot be used" in error.decode()


def test_a_control_file_that_is_none_is_a_fault_of_the_target(tmp_path: Path) -> None:
    (tmp_path / CONTROL_FILE).write_text('{"pid": "x"}')
    with pytest.raises(TargetError, match="start the gateway again"):
        read(tmp_path)


def test_a_configuration_is_read_as_it_was_written(tmp_path: Path) -> None:
    configuration = only(DeploymentDouble(script=says(b""), port=1234))
    write_configuration(tmp_path / CONFIGURATION_FILE, configuration)
    assert read_configuration(tmp_path / CONFIGURATION_FILE) == configuration


def test_the_access_log_is_bounded_and_loses_nothing_at_once(tmp_path: Path) -> None:
    file = tmp_path / "access.jsonl"
    bounded = BoundedFile(file, largest=2_000)
    log = AccessLog(bounded, Units(bytes(32)))
    for number in range(100):
        log.write(Exchange(request_id=str(number), method="GET", path="/", key="anna"))
    bounded.close()
    before = tmp_path / "access.jsonl.1"
    assert {path.name for path in tmp_path.iterdir()} == {"access.jsonl", "access.jsonl.1"}
    assert max(file.stat().st_size, before.stat().st_size) <= 2_000
    lines = [*before.read_text().splitlines(), *file.read_text().splitlines()]
    kept = [int(json.loads(line)["request_id"]) for line in lines]
    assert kept == list(range(100))[-len(kept) :], "the newest, without a gap"
