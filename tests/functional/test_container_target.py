"""Containers behind the gateway: what the engine is told, and what is left when things die."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from container_bench import container_bench
from deployment_double import on_a_loop
from engine_double import EngineDouble
from sample_project import KEY
from served_release import release_flow

from llmops.domain.deployment import Resources
from llmops.errors import TargetError
from llmops.targets.container import ContainerTarget
from llmops.targets.local.supervised import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_bench import LocalBench
    from sample_project import Project

BODY = b'{"text": "message 1"}'


@pytest.fixture
def bench(project: Project) -> Iterator[LocalBench]:
    with container_bench(project) as made:
        yield made


def engine(bench: LocalBench) -> EngineDouble:
    return EngineDouble(bench.project.folder / "engine")


def one(bench: LocalBench, words: str) -> int:
    """Return the process with these words in its command line."""
    (found,) = [pid for pid, command in bench.processes().items() if words in command]
    return found


@on_a_loop
async def test_a_container_has_no_right_that_it_does_not_need(bench: LocalBench) -> None:
    wanted = replace(
        bench.deployment("blue"),
        resources=Resources(cpu_limit="500m", memory_limit="512Mi"),
        secrets={"OTHER_KEY": "STUB_KEY"},
    )
    async with bench.open() as target:
        await target.put(wanted)
        (command,) = engine(bench).calls("run")
        told = " ".join(command)
        for words in (
            *("--rm --init", "--read-only --tmpfs /tmp --cap-drop ALL"),
            *("--security-opt no-new-privileges", "--cpus 0.5 --memory 536870912"),
            *("--env OTHER_KEY --env STUB_KEY --env STUB_URL messages:1", "--publish 127.0.0.1:"),
        ):
            assert words in told
        assert " --user 0" not in told
        assert KEY not in told
        assert all(KEY not in each for each in bench.processes().values())
        assert (await target.ask("blue", BODY)).status == 200
    logs = bench.project.folder / "reports" / "production" / "dev" / "messages" / "blue"
    assert KEY not in "".join(path.read_text() for path in logs.glob("*.jsonl"))
    assert any(logs.glob("*.jsonl"))


@on_a_loop
async def test_a_container_that_dies_is_started_again(bench: LocalBench) -> None:
    async with bench.open() as target:
        await target.put(bench.deployment("blue"))
        os.kill(one(bench, "llmops serve"), signal.SIGKILL)
        await until(lambda: len(engine(bench).calls("run")) == 2)
        await target.put(bench.deployment("blue"))
        assert (await target.ask("blue", BODY)).status == 200


@on_a_loop
async def test_a_container_whose_keeper_dies_is_replaced(bench: LocalBench) -> None:
    async with bench.open() as target:
        await target.put(bench.deployment("blue"))
        before = one(bench, "llmops serve")
        os.kill(one(bench, "tethered.py llmops.targets.container.attached"), signal.SIGKILL)
        await until(lambda: before not in bench.processes())
        await target.put(bench.deployment("blue"))
        assert (await target.ask("blue", BODY)).status == 200
        assert one(bench, "llmops serve") != before


@on_a_loop
async def test_nothing_is_left_when_a_deployment_is_removed(bench: LocalBench) -> None:
    async with bench.open() as target:
        await target.put(bench.deployment("blue"))
        await target.remove("blue")
        await target.close_endpoint()
    await until(lambda: not bench.processes())
    assert not [*(engine(bench).folder / "containers").iterdir()]
    assert [call[2] for call in engine(bench).calls("stop")] == ["-t"]


@on_a_loop
async def test_a_missing_image_is_told_in_the_engines_words(bench: LocalBench) -> None:
    other = bench.kind.model_copy(update={"image": "{name}:other-{number}"})
    async with other.open(bench.place) as target:
        with pytest.raises(TargetError, match="Unable to find image 'messages:other-1'"):
            await target.put(bench.deployment("blue"))


@on_a_loop
async def test_an_image_of_another_release_is_refused(bench: LocalBench) -> None:
    flow = bench.project.folder / "flows" / "classify_messages"
    second = release_flow(bench.project.folder, flow)
    place = bench.project.folder / "reports" / "releases" / second.label
    other = replace(bench.deployment("blue"), release=second, folder=place)
    engine(bench).add_image("messages:2", bench.deployment("blue").folder)
    async with bench.open() as target:
        with pytest.raises(TargetError, match=f"it has release {bench.release.digest}"):
            await target.put(other)
    assert not engine(bench).calls("run")


@on_a_loop
async def test_another_image_is_a_change(bench: LocalBench) -> None:
    release = bench.deployment("blue").folder
    engine(bench).add_image("here/messages:1", release)
    other = ContainerTarget(kind="container", image="here/{name}:{number}")
    async with bench.open() as target:
        await target.put(bench.deployment("blue"))
    async with other.open(bench.place) as target:
        assert any(
            "here/messages:1" in each for each in await target.changes(bench.deployment("blue"))
        )
        await target.put(bench.deployment("blue"))
        assert not await target.changes(bench.deployment("blue"))


def test_an_engine_that_is_not_there_is_told(bench: LocalBench) -> None:
    async def use() -> None:
        async with ContainerTarget(kind="container").open(bench.place):
            pytest.fail("it opened")

    engine(bench).say("down")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(engine(bench).bin))
        with pytest.raises(TargetError, match="podman: not found"):
            asyncio.run(use())


def test_what_an_engine_cannot_do_is_told_before(bench: LocalBench) -> None:
    stated = replace(bench.deployment("blue"), resources=Resources(cpu="1", memory_limit="much"))
    assert [each.partition(":")[0] for each in bench.kind.faults(stated)] == [
        "resources.cpu",
        "resources",
    ]
    assert not bench.kind.faults(bench.deployment("blue"))
