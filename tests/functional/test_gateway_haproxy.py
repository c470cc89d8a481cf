"""HAProxy under the same control as the built-in gateway, where there is one."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from deployment_double import (
    QUICK,
    DeploymentDouble,
    Rig,
    breaks_off,
    head,
    on_a_loop,
    receive,
    says,
)
from gateway_client import connected, is_up, until

from llmops.concurrency import together
from llmops.domain.traffic import Address, Backend, GatewayConfiguration
from llmops.errors import ConfigError, TargetError
from llmops.gateway.configuration import write_configuration
from llmops.gateway.folder import CONFIGURATION_FILE
from llmops.gateway.haproxy_configuration import require_able, servers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

installed = pytest.mark.skipif(not shutil.which("haproxy"), reason="there is no haproxy here")
USERS = 2_000


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "llmops.gateway", str(folder), "--router", "haproxy"]
    return subprocess.Popen([*command, *arguments], stderr=subprocess.DEVNULL)


@asynccontextmanager
async def haproxy(folder: Path, *shares: tuple[str, int], sticky: str = "") -> AsyncGenerator[Rig]:
    doubles = {name: DeploymentDouble(script=says(name.encode())) for name, _ in shares}
    for double in doubles.values():
        await double.start()
    configuration = GatewayConfiguration(
        backends=tuple(
            Backend(name=name, addresses=(doubles[name].address,), percent=percent)
            for name, percent in shares
        ),
        sticky=sticky,
        health=QUICK,
    )
    write_configuration(folder / CONFIGURATION_FILE, configuration)
    processes = [start(folder)]
    try:
        gateway = await connected(folder)
        await until(gateway, lambda status: all(each.up for each in status.deployments))
        yield Rig(
            folder=folder,
            gateway=gateway,
            doubles=doubles,
            configuration=configuration,
            processes=processes,
        )
    finally:
        processes[-1].send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(processes[-1].wait, 30) == 0
        for double in doubles.values():
            await double.stop()


async def users(it: Rig, line: str = "X-User: user-{}") -> list[str]:
    async def some(numbers: range) -> list[str]:
        answers: list[str] = []
        async with it.connection() as (reader, writer):
            for number in numbers:
                writer.write(
                    head(
                        "POST /score HTTP/1.1", "Host: a", line.format(number), "Content-Length: 0"
                    )
                )
                answers.append((await receive(reader)).headers["X-Deployment"])
        return answers

    step = USERS // 10
    found = await together([some(range(first, first + step)) for first in range(0, USERS, step)])
    return [name for each in found for name in each]


@installed
@on_a_loop
async def test_shares_are_exact_and_change_while_it_runs(tmp_path: Path) -> None:
    async with haproxy(tmp_path, ("prior", 90), ("current", 10)) as it:
        counts = Counter(await users(it))
        assert counts["current"] / USERS == pytest.approx(0.1, abs=0.005)
        await it.split(prior=0, current=100)
        assert set(await users(it)) == {"current"}
        assert await it.gateway.configuration() == it.configuration
        ids = {(await it.score("X-Request-Id: mine")).headers["X-Request-Id"]}
        assert (await it.score("X-Request-Id: a b")).headers["X-Request-Id"] not in ids
        assert (await it.send("GET /metrics HTTP/1.1", "Host: a")).status == 404
    log = it.log()
    assert len(log) == 2 * USERS + 3
    assert Counter(line["deployment"] for line in log)["prior"] == counts["prior"]
    assert {line["unit"] for line in log} == {""}
    assert not any(line["sticky"] for line in log)
    assert all(0 <= line["seconds"] < 60 for line in log)


@installed
@pytest.mark.parametrize("sticky", ["header:X-User", "cookie:user"])
@on_a_loop
async def test_users_stay_and_only_the_moved_share_moves(tmp_path: Path, sticky: str) -> None:
    line = "X-User: user-{}" if sticky.startswith("header") else "Cookie: user=user-{}"
    async with haproxy(tmp_path, ("prior", 90), ("current", 10), sticky=sticky) as it:
        first = await users(it, line)
        assert first == await users(it, line)
        assert first.count("current") / USERS == pytest.approx(0.1, abs=0.03)
        await it.split(prior=70, current=30)
        second = await users(it, line)
        moved = {pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]}
        assert moved == {("prior", "current")}
        if sticky.startswith("cookie"):
            assert (await it.score()).headers["Set-Cookie"].startswith("user=")
    units = {line["unit"] for line in it.log()}
    assert len(units - {""}) >= USERS


@installed
@on_a_loop
async def test_a_deployment_comes_and_another_goes_and_one_dies(tmp_path: Path) -> None:
    async with haproxy(tmp_path, ("prior", 100), ("current", 0)) as it:
        prior, current = it.configuration.backends
        alone = replace(it.configuration, backends=(replace(current, percent=100),))
        status = await it.gateway.apply(alone)
        assert [each.name for each in status.deployments] == ["current"]
        assert (await it.score()).body == b"current"
        both = (replace(prior, percent=50), replace(current, percent=50))
        await it.gateway.apply(replace(it.configuration, backends=both))
        await until(it.gateway, lambda status: all(each.up for each in status.deployments))
        assert {(await it.score()).body for _ in range(4)} == {b"prior", b"current"}
        it.doubles["current"].script = breaks_off
        assert {(await it.score()).status for _ in range(10)} == {200}
        await it.doubles["current"].stop()
        await until(it.gateway, is_up("current", up=False))
        assert {(await it.score()).body for _ in range(4)} == {b"prior"}
        with pytest.raises(TargetError, match="nothing else"):
            await it.gateway.apply(replace(it.configuration, sticky="header:X-User"))


@installed
@on_a_loop
async def test_one_whose_parent_was_killed_makes_room(tmp_path: Path) -> None:
    async with haproxy(tmp_path, ("prior", 100)) as it:
        it.processes[0].kill()
        it.processes[0].wait()
        assert (await it.score()).body == b"prior", "it goes on serving"
        port = str(urlsplit(it.gateway.address).port)
        it.processes.append(start(tmp_path, "--port", port))
        second = await connected(tmp_path, but_not=it.gateway.pid)
        assert second.address == it.gateway.address
        assert (await it.score()).body == b"prior"


def test_weights_are_exact_for_any_number_of_instances_that_fits() -> None:
    def weighed(**deployments: tuple[int, int]) -> dict[str, int]:
        ports = iter(range(1, 100))
        backends = (
            Backend(
                name=name,
                percent=percent,
                addresses=tuple(Address(port=next(ports)) for _ in range(instances)),
            )
            for name, (percent, instances) in deployments.items()
        )
        weights = servers(GatewayConfiguration(backends=tuple(backends)))
        return {name: weight for name, (_, weight) in weights.items()}

    assert list(weighed(a=(90, 3), b=(10, 1)).values()) == [3, 3, 3, 1]
    assert list(weighed(a=(100, 1), b=(0, 2)).values()) == [1, 0, 0]
    assert list(weighed(a=(95, 1), b=(5, 2)).values()) == [38, 1, 1]
    assert weighed() == {}


def test_what_haproxy_cannot_do_is_said_before_it_starts(tmp_path: Path) -> None:
    one, many = (Address(port=1),), tuple(Address(port=port) for port in (2, 3, 4))
    configuration = GatewayConfiguration(
        backends=(
            Backend(name="a", addresses=one, percent=99),
            Backend(name="b", addresses=many, percent=1, mirror_percent=5),
        )
    )
    with pytest.raises(ConfigError) as raised:
        require_able(configuration, tmp_path / ("x" * 100))
    assert len(raised.value.faults) == 3
    assert str(raised.value).count("use the built-in gateway") == 3
