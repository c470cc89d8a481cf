"""Deployments that die, break off or are not ready: who is asked again, who is out, who is back."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from deployment_double import Rig, breaks_off, head, is_silent, on_a_loop, receive, rig, says
from gateway_client import is_up, until

from llmops.domain.traffic import Backend, HealthCheck

if TYPE_CHECKING:
    from pathlib import Path

UNCHECKED = HealthCheck(interval_seconds=3600, eject_after=100)
"""Nobody is put out while a test runs."""
PASSIVE = HealthCheck(interval_seconds=3600, eject_after=3)
BOTH = (("prior", 50), ("current", 50))


async def asked(it: Rig) -> dict[str, int]:
    return {name: len(double.received) for name, double in it.doubles.items()}


@on_a_loop
async def test_who_is_not_there_costs_nobody_a_request(tmp_path: Path) -> None:
    async with rig(tmp_path, *BOTH, health=UNCHECKED) as it:
        await it.doubles["current"].stop()
        for method in ("POST /score", "POST /feedback", "GET /health"):
            answer = await it.send(f"{method} HTTP/1.1", "Host: a", "Content-Length: 1", body=b"x")
            assert (answer.status, answer.headers["X-Deployment"]) == (200, "prior")
        assert [line["deployment"] for line in it.log()] == ["prior"] * 3
        assert any(line["retried"] for line in it.log())


@pytest.mark.parametrize(
    ("start", "again"),
    [
        ("POST /score HTTP/1.1", True),
        ("POST /score?a=b HTTP/1.1", True),
        ("GET /version HTTP/1.1", True),
        ("POST /feedback HTTP/1.1", False),
        ("PATCH /score HTTP/1.1", False),
    ],
)
@on_a_loop
async def test_after_a_death_only_what_may_be_worked_on_twice_is_sent_again(
    tmp_path: Path, start: str, *, again: bool
) -> None:
    async with rig(tmp_path, ("prior", 100), ("current", 0), health=UNCHECKED) as it:
        it.doubles["prior"].script = breaks_off
        await it.split(prior=99, current=1)  # the first turn is prior's
        answer = await it.send(start, "Host: a", "Content-Length: 2", body=b"{}")
        sent = await asked(it)
        [line] = it.log()
    assert sent["current"] == int(again)
    assert sent["prior"] == 1 or start.startswith("GET"), "an idempotent one may be twice at one"
    assert answer.status == (200 if again else 502)
    assert (line["deployment"], line["retried"]) == (("current", 1) if again else ("prior", 0))


@on_a_loop
async def test_an_answer_of_which_a_part_came_was_seen_by_nobody(tmp_path: Path) -> None:
    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("HTTP/1.1 200 OK", "Content-Length: 10") + b"half")
        await writer.drain()
        writer.close()

    async with rig(tmp_path, ("prior", 99), ("current", 1), health=UNCHECKED) as it:
        it.doubles["prior"].script = half
        answer = await it.score()
    assert (answer.status, answer.body) == (200, b"current")


@on_a_loop
async def test_what_dies_twice_is_not_tried_a_third_time(tmp_path: Path) -> None:
    shares = (("one", 34), ("two", 33), ("three", 33))
    async with rig(tmp_path, *shares, health=UNCHECKED) as it:
        for double in it.doubles.values():
            double.script = breaks_off
        answer = await it.score()
        sent = await asked(it)
    assert answer.status == 502
    assert sorted(sent.values()) == [0, 1, 1]


@on_a_loop
async def test_a_connection_that_ended_while_it_was_idle_fails_no_request(tmp_path: Path) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await says(b"prior")(reader, writer)
        await writer.drain()
        writer.close()

    async with rig(tmp_path, ("prior", 100), health=UNCHECKED) as it:
        it.doubles["prior"].script = once
        assert {(await it.score()).status for _ in range(50)} == {200}


@on_a_loop
async def test_another_instance_answers_before_another_deployment_does(tmp_path: Path) -> None:
    async with rig(tmp_path, ("one", 100), ("two", 0), ("other", 0), health=UNCHECKED) as it:
        one, two, other = (each.address for each in it.doubles.values())
        backends = (
            Backend(name="prior", addresses=(one, two), percent=50),
            Backend(name="other", addresses=(other,), percent=50),
        )
        await it.gateway.apply(replace(it.configuration, backends=backends))
        it.doubles["one"].script = breaks_off
        found = Counter([(await it.score()).headers["X-Deployment"] for _ in range(40)])
        assert it.doubles["one"].received
    assert found == {"prior": 20, "other": 20}, "the shares are as stated"


@pytest.mark.parametrize("status", ["500 Broken", "429 Too Many"])
@on_a_loop
async def test_an_answer_is_an_answer(tmp_path: Path, status: str) -> None:
    async with rig(tmp_path, ("prior", 99), ("current", 1), health=PASSIVE) as it:
        it.doubles["prior"].script = says(b"", "Retry-After: 7", status=status)
        for _ in range(10):
            answer = await it.score()
            assert (answer.start, answer.headers["Retry-After"]) == (f"HTTP/1.1 {status}", "7")
        assert (await it.gateway.status()).deployments[0].up
        assert await asked(it) == {"prior": 10, "current": 0}


@on_a_loop
async def test_requests_that_fail_put_it_out_and_a_check_brings_it_back(tmp_path: Path) -> None:
    health = HealthCheck(interval_seconds=1, eject_after=3)
    async with rig(tmp_path, *BOTH, health=health) as it:
        current = it.doubles["current"]
        current.ready, current.script = False, breaks_off
        assert {(await it.score()).status for _ in range(20)} == {200}
        assert len(current.received) == 3, "and then it was left alone"
        assert not (await it.gateway.status()).deployments[1].up
        current.ready, current.script = True, says(b"current")
        await until(it.gateway, is_up("current"))
        assert {(await it.score()).body for _ in range(10)} == {b"prior", b"current"}


@on_a_loop
async def test_checks_that_fail_put_it_out_and_one_brings_it_back(tmp_path: Path) -> None:
    async with rig(tmp_path, *BOTH) as it:
        it.doubles["current"].ready = False
        await until(it.gateway, is_up("current", up=False))
        assert {(await it.score()).body for _ in range(10)} == {b"prior"}
        metrics = await it.metrics()
        port = it.doubles["current"].port
        up = f'llmops_gateway_up{{deployment="current",instance="127.0.0.1:{port}"}}'
        assert metrics[up] == 0
        it.doubles["current"].ready = True
        await until(it.gateway, is_up("current"))
        assert {(await it.score()).body for _ in range(10)} == {b"prior", b"current"}


@on_a_loop
async def test_when_nobody_is_left_clients_are_told_to_come_again(tmp_path: Path) -> None:
    async with rig(tmp_path, *BOTH) as it:
        for double in it.doubles.values():
            await double.stop()
        answer = await it.score()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        for double in it.doubles.values():
            await double.start()
        await until(it.gateway, lambda status: all(each.up for each in status.deployments))
        assert (await it.score()).status == 200


@on_a_loop
async def test_a_deployment_that_left_answers_what_it_has(tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        await says(b"late")(reader, writer)

    async with rig(tmp_path, *BOTH) as it, it.connection() as (reader, writer):
        it.doubles["prior"].script = slow
        writer.write(head("POST /score HTTP/1.1", "Host: a", "Content-Length: 2") + b"{}")
        await until(it.gateway, lambda status: status.deployments[0].instances[0].in_flight == 1)
        only = replace(it.configuration.backends[1], percent=100)
        status = await it.gateway.apply(replace(it.configuration, backends=(only,)))
        prior = it.doubles["prior"].address
        assert status.leaves(prior)
        assert (await it.score()).body == b"current"
        go_on.set()
        answer = await receive(reader)
        assert (answer.body, answer.headers["X-Deployment"]) == (b"late", "prior")
        assert not (await it.gateway.status()).leaves(prior)


@on_a_loop
async def test_a_check_that_is_not_answered_is_a_bad_one(tmp_path: Path) -> None:
    rules = HealthCheck(interval_seconds=0.02, timeout_seconds=0.05, path="/healthy")
    async with rig(tmp_path, *BOTH, health=rules) as it:
        for double in it.doubles.values():
            double.script = is_silent
        await until(it.gateway, lambda status: not any(each.up for each in status.deployments))
