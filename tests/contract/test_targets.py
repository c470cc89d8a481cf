"""What every kind of target must do, whatever is behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from container_bench import container_bench
from deployment_double import on_a_loop
from kubernetes_bench import kubernetes_project_bench
from local_bench import local_bench

from llmops.domain.deployment import EndpointState, Routing
from llmops.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sample_project import Project
    from target_bench import TargetBench

    Kind = Callable[[Project], AbstractContextManager[TargetBench]]

KINDS: dict[str, Kind] = {
    "kubernetes": kubernetes_project_bench,
    "local": local_bench,
    "container": container_bench,
}
BODY = b'{"text": "message 1"}'


@pytest.fixture(params=KINDS)
def bench(request: pytest.FixtureRequest, project: Project) -> Iterator[TargetBench]:
    with KINDS[request.param](project) as made:
        yield made


def statuses(state: EndpointState) -> dict[str, str]:
    return {each.name: each.status for each in state.deployments}


@on_a_loop
async def test_where_nothing_is_there_is_nothing_to_take_away(bench: TargetBench) -> None:
    async with bench.open() as target:
        assert await target.state() == EndpointState()
        await target.remove("blue")
        await target.close_endpoint()
        with pytest.raises(TargetError, match="blue"):
            await target.ask("blue", BODY)
        with pytest.raises(TargetError, match="blue"):
            await target.route(Routing(percent={"blue": 100}))
        assert await target.state() == EndpointState()


@on_a_loop
async def test_a_new_deployment_answers_and_has_no_share(bench: TargetBench) -> None:
    blue = bench.deployment("blue")
    assert not bench.kind.faults(blue)
    async with bench.open() as target:
        assert await target.changes(blue)
        assert await target.state() == EndpointState(), "looking changes nothing"
        await target.put(blue)
        state = await target.state()
        (there,) = state.deployments
        assert (there.name, there.status, there.detail) == ("blue", "ready", "")
        assert (there.release, there.digest) == (blue.release.label, blue.release.digest)
        assert not any(state.routing.percent.values())
        assert state.address
        reply = await target.ask("blue", BODY)
        assert (reply.status, b"label" in reply.content) == (200, True)


@on_a_loop
async def test_what_is_said_twice_is_done_once(bench: TargetBench) -> None:
    blue, everything = bench.deployment("blue"), Routing(percent={"blue": 100})
    async with bench.open() as target:
        await target.put(blue)
        await target.route(everything)
        there = await target.state()
    async with bench.open() as target:
        assert not await target.changes(blue)
        await target.put(blue)
        await target.route(everything)
        assert await target.state() == there


@on_a_loop
async def test_shares_are_as_stated_and_other_settings_keep_them(bench: TargetBench) -> None:
    blue, green = bench.deployment("blue"), bench.deployment("green")
    shared = Routing(percent={"blue": 90, "green": 10}, sticky=bench.sticky)
    async with bench.open() as target:
        await target.put(blue)
        await target.route(Routing(percent={"blue": 100}))
        await target.put(green)
        assert (await target.state()).routing.percent == {"blue": 100, "green": 0}
        await target.route(shared)
        assert (await target.state()).routing == shared
        other = replace(green, concurrency=green.concurrency + 1)
        assert await target.changes(other)
        await target.put(other)
        assert not await target.changes(other)
        assert (await target.state()).routing == shared
        assert statuses(await target.state()) == {"blue": "ready", "green": "ready"}


@on_a_loop
async def test_what_does_not_become_ready_disturbs_nothing(bench: TargetBench) -> None:
    everything = Routing(percent={"blue": 100})
    async with bench.open() as target:
        await target.put(bench.deployment("blue"))
        await target.route(everything)
        with pytest.raises(TargetError, match="green"):
            await target.put(bench.broken("green"))
        with pytest.raises(TargetError, match="blue"):
            await target.put(bench.broken("blue"))
        state = await target.state()
        assert statuses(state)["blue"] == "ready"
        assert state.routing.percent["blue"] == 100
        assert (await target.ask("blue", BODY)).status == 200
        await target.put(bench.deployment("blue"))
        assert not await target.changes(bench.deployment("blue"))


@on_a_loop
async def test_what_is_taken_away_is_gone(bench: TargetBench) -> None:
    async with bench.open() as target:
        for name in ("blue", "green"):
            await target.put(bench.deployment(name))
        await target.route(Routing(percent={"blue": 100, "green": 0}))
        await target.remove("green")
        await target.remove("green")
        assert statuses(await target.state()) == {"blue": "ready"}
        with pytest.raises(TargetError, match="green"):
            await target.ask("green", BODY)
        await target.route(Routing())
        await target.remove("blue")
        await target.close_endpoint()
        await target.close_endpoint()
        assert await target.state() == EndpointState()
