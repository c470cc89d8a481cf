"""The local target where things go wrong: killed processes, killed commands, full hands."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from deployment_double import on_a_loop
from local_bench import LocalBench, local_bench
from sample_project import KEY

from llmops.domain.deployment import EndpointState, Probe, Resources, Routing
from llmops.errors import TargetError
from llmops.store.lock import RunLock
from llmops.targets.local import LocalTarget
from llmops.targets.local.supervised import Supervised, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from sample_project import Project

    from llmops.domain.deployment import Deployment, Target

ALL = Routing(percent={"blue": 100})
PUT_BLUE = Path(__file__).parents[1] / "fakes" / "put_blue.py"


@pytest.fixture
def bench(project: Project) -> Iterator[LocalBench]:
    with local_bench(project) as made:
        yield made


@asynccontextmanager
async def serving(bench: LocalBench, *, instances: int = 1) -> AsyncGenerator[Target]:
    """Have `blue` answer all requests."""
    async with bench.open() as target:
        await target.put(replace(bench.deployment("blue"), instances=instances))
        await target.route(ALL)
        yield target


def processes(bench: LocalBench, folder: str) -> tuple[int, ...]:
    found = Supervised(bench.endpoint / folder).processes
    return tuple(each.pid for each in found if each.pid)


async def until_it_is(target: Target, state: EndpointState) -> None:
    async with asyncio.timeout(60):
        while await target.state() != state:  # noqa: ASYNC110  other processes have no event
            await asyncio.sleep(0.05)


@dataclass
class Clients:
    """Ask again and again, one request at a time each; `bad` is what went wrong."""

    address: str
    answered: int = 0
    bad: list[str] = field(default_factory=list[str])
    _stop: bool = False

    async def ask(self) -> None:
        async with aiohttp.ClientSession() as session:
            while not self._stop:
                url = f"{self.address}/score"
                async with session.post(url, json={"text": f"message {self.answered}"}) as answer:
                    self.answered += 1
                    if answer.status != 200:
                        self.bad.append(f"{answer.status} {await answer.text()}")

    async def some_more(self, count: int = 20) -> None:
        enough = self.answered + count
        await until(lambda: self.answered >= enough)

    def stop(self) -> None:
        self._stop = True


@asynccontextmanager
async def clients(target: Target, count: int = 4) -> AsyncGenerator[Clients]:
    asking = Clients((await target.state()).address)
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(asking.ask())
        try:
            await asking.some_more()
            yield asking
            await asking.some_more()
        finally:
            asking.stop()


@on_a_loop
async def test_a_killed_instance_comes_back_and_no_request_fails(bench: LocalBench) -> None:
    async with serving(bench, instances=2) as target, clients(target) as asking:
        before = await target.state()
        first, second = processes(bench, "blue/1")
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(processes(bench, "blue/1")) == 2)
        await until_it_is(target, before)
        assert first not in processes(bench, "blue/1")
        assert second in processes(bench, "blue/1")
        await asking.some_more()
    assert not asking.bad


@on_a_loop
async def test_a_killed_gateway_comes_back_where_it_was(bench: LocalBench) -> None:
    async with serving(bench) as target:
        before = await target.state()
        os.kill(processes(bench, ".gateway")[0], signal.SIGKILL)
        await until(lambda: Supervised(bench.endpoint / ".gateway").processes[0].endings == 1)
        await until_it_is(target, before)
        assert before.routing == ALL


@on_a_loop
async def test_processes_do_not_outlive_their_supervisor_and_are_put_back(
    bench: LocalBench,
) -> None:
    async with serving(bench) as target:
        address = (await target.state()).address
        for pid, command in bench.processes().items():
            if "supervisor" in command:
                os.kill(pid, signal.SIGKILL)
        await until(lambda: not bench.processes())
        state = await target.state()
        assert state.address == ""
        assert state.deployments[0].status == "failed"
        assert "deploy it again" in state.deployments[0].detail
        blue = bench.deployment("blue")
        assert await target.changes(blue) == (
            "it does not run: starts again",
            "gateway: starts again",
        )
        await target.put(blue)
        state = await target.state()
        assert (state.address, state.routing) == (address, ALL)
        assert state.deployments[0].status == "ready"
        await until(lambda: len(bench.processes()) == 4)  # two supervisors, instance, gateway


@on_a_loop
async def test_other_settings_take_over_and_no_request_fails(bench: LocalBench) -> None:
    async with serving(bench) as target, clients(target) as asking:
        for concurrency in (3, 4):
            other = replace(bench.deployment("blue"), concurrency=concurrency)
            (change,) = await target.changes(other)
            assert change.endswith(f"-> {concurrency}")
            await target.put(other)
        assert [*bench.endpoint.glob("blue/*/wanted.json")] == [
            bench.endpoint / "blue/3/wanted.json"
        ]
        await until(lambda: len(bench.processes()) == 4)
    assert not asking.bad


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "before anything runs": lambda folder: (folder / "blue/1/specification.json").exists(),
    "as it is wanted": lambda folder: (folder / "blue/1/wanted.json").exists(),
    "as it starts": lambda folder: (folder / "blue/1/processes.json").exists(),
    "as the gateway is told": lambda folder: (folder / "gateway.json").exists(),
    "as the gateway is wanted": lambda folder: (folder / ".gateway/wanted.json").exists(),
    "as the gateway is there": lambda folder: (folder / "control.json").exists(),
}


@pytest.mark.parametrize("moment", MOMENTS)
@on_a_loop
async def test_a_killed_command_said_again_comes_to_the_same_end(
    bench: LocalBench, moment: str
) -> None:
    kill(bench, lambda: MOMENTS[moment](bench.endpoint))
    blue = bench.deployment("blue")
    async with bench.open() as target:
        await target.put(blue)
        state = await target.state()
        assert [(each.name, each.status) for each in state.deployments] == [("blue", "ready")]
        assert state.routing.percent == {"blue": 0}
        assert not await target.changes(blue)
    await until(lambda: len(bench.processes()) == 4)


@on_a_loop
async def test_two_commands_at_a_time_are_refused(bench: LocalBench) -> None:
    place = bench.endpoint / "blue"
    place.mkdir(parents=True)
    async with bench.open() as target:
        for locked, what in ((place, "blue"), (bench.endpoint, "it")):
            other = RunLock(locked)
            seen = f"dev/messages: another command is changing {what}"
            with pytest.raises(TargetError, match=seen):
                await target.put(bench.deployment("blue"))
            assert not bench.processes()
            other.release()


@on_a_loop
async def test_requests_can_be_moved_while_a_deployment_starts(bench: LocalBench) -> None:
    async with bench.open() as target:
        await target.put(bench.deployment("blue"))
        (bench.endpoint / "green").mkdir()
        starting = RunLock(bench.endpoint / "green")
        await target.route(Routing(percent={"blue": 100}))
        starting.release()
        assert (await target.state()).routing.percent == {"blue": 100}


@on_a_loop
async def test_what_cannot_start_says_why_and_leaves_nothing(bench: LocalBench) -> None:
    blue = bench.deployment("blue")
    cases: dict[str, Deployment] = {
        r"secrets\.API: the variable NOT_SET is undefined": replace(
            blue, secrets={"API": "NOT_SET"}
        ),
        r"release messages/1: it is not in .*gone": replace(blue, folder=Path("/gone/1")),
        r"code 2 before it was ready.*\n.*STUB_URL": bench.broken("blue"),
        r"not ready within 2 s: instance 1 of 1 answers /nothing with 404": replace(
            blue, probe=Probe(path="/nothing", startup_seconds=2)
        ),
    }
    async with bench.open() as target:
        for reason, deployment in cases.items():
            with pytest.raises(TargetError, match=reason):
                await target.put(deployment)
            assert not (await target.state()).deployments
            await until(lambda: not bench.processes())


@on_a_loop
async def test_a_port_that_is_taken_is_said_before_anything_starts(bench: LocalBench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with replace(bench, kind=LocalTarget(kind="local", port=port)).open() as target:
            with pytest.raises(TargetError, match=f"{port}: cannot be used: Address already in"):
                await target.put(bench.deployment("blue"))
            assert await target.state() == EndpointState()
            assert not bench.processes()


@on_a_loop
async def test_where_nothing_can_be_written_it_says_so(bench: LocalBench) -> None:
    bench.endpoint.parent.parent.mkdir(parents=True)
    bench.endpoint.parent.write_text("a file where a folder should be")
    async with bench.open() as target:
        with pytest.raises(TargetError, match=r"/blue: cannot be written: Not a directory"):
            await target.put(bench.deployment("blue"))


@on_a_loop
async def test_a_secret_reaches_the_process_and_nothing_else(bench: LocalBench) -> None:
    keyed = replace(bench.deployment("blue"), workers=2, secrets={"LLMOPS_SERVE_KEY": "STUB_KEY"})
    async with bench.open() as target:
        await target.put(keyed)
        assert (await target.ask("blue", b'{"text": "message 1"}')).status == 200
        await target.route(ALL)
        address = (await target.state()).address
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{address}/score", json={"text": "x"}) as answer,
        ):
            assert answer.status == 401, "the key is asked for, so it has arrived"
        assert KEY not in "".join(bench.processes().values())
        written = [path for path in bench.endpoint.rglob("*") if path.is_file()]
        assert len(written) > 10
        assert not [path for path in written if KEY in path.read_text("utf-8", "replace")]
    rotated = replace(bench.project, variables={**bench.project.variables, "STUB_KEY": KEY[::-1]})
    async with replace(bench, project=rotated).open() as target:
        (change,) = await target.changes(keyed)
        assert change == "environment: a variable or a secret has another value"


@on_a_loop
async def test_what_cannot_start_again_is_said_and_tried_again(bench: LocalBench) -> None:
    blue = bench.deployment("blue")
    async with serving(bench) as target:
        before = await target.state()
        elsewhere = blue.folder.rename(blue.folder.with_name("elsewhere"))
        os.kill(processes(bench, "blue/1")[0], signal.SIGKILL)
        async with asyncio.timeout(60):
            while (state := await target.state()).deployments[0].status != "failed":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert "ended with code 2" in state.deployments[0].detail
        assert "no such release" in state.deployments[0].detail
        with pytest.raises(TargetError, match="release messages/1: it is not in"):
            await target.put(blue)
        elsewhere.rename(blue.folder)
        await until_it_is(target, before)
        assert not await target.changes(blue)


@on_a_loop
async def test_production_is_logged_where_the_monitor_looks(bench: LocalBench) -> None:
    async with serving(bench) as target:
        await target.ask("blue", b'{"text": "message 1"}')
        production = bench.project.folder / "reports" / "production"
        (log,) = production.glob("dev/messages/blue/*.jsonl")
        assert '"deployment":"blue"' in log.read_text()


@on_a_loop
async def test_without_its_folder_nothing_goes_on(bench: LocalBench) -> None:
    async with serving(bench) as target:
        shutil.rmtree(bench.endpoint)
        await until(lambda: not bench.processes())
        assert await target.state() == EndpointState()


def test_what_it_cannot_do_is_said_before(bench: LocalBench) -> None:
    blue = bench.deployment("blue")
    assert not bench.kind.faults(blue)
    limited = replace(blue, resources=Resources(memory="1Gi"))
    assert bench.kind.faults(limited)[0].startswith("resources:")
    assert bench.kind.faults(replace(blue, name="../blue"))[0].startswith("name: '../blue'")


def kill(bench: LocalBench, moment: Callable[[], bool]) -> None:
    """Start a command that puts `blue`, and kill it at the moment."""
    with subprocess.Popen(
        [sys.executable, PUT_BLUE, bench.project.folder], env=dict(bench.place.variables)
    ) as command:
        while not moment():
            assert command.poll() is None, "it ended before"
            os.sched_yield()
        command.kill()


@pytest.mark.skipif(not shutil.which("haproxy"), reason="there is no haproxy here")
@on_a_loop
async def test_haproxy(bench: LocalBench) -> None:  # the path of its socket must stay short
    target_kind = LocalTarget(kind="local", router="haproxy")
    async with target_kind.open(bench.place) as target:
        for name in ("blue", "green"):
            await target.put(bench.deployment(name))
        for split in ({"blue": 100, "green": 0}, {"blue": 75, "green": 25}):
            await target.route(Routing(percent=split, sticky="header:X-User"))
            state = await target.state()
            assert state.routing.percent == split
            answered = await answered_by(state.address, 40)
            assert {*answered} == {name for name, share in split.items() if share}
        with pytest.raises(TargetError, match="mirror"):
            await target.route(Routing(percent={"blue": 100, "green": 0}, mirror={"green": 10}))


async def answered_by(address: str, requests: int) -> Counter[str]:
    """Return how many requests without a user each deployment answered."""
    counts = Counter[str]()
    async with aiohttp.ClientSession() as session:
        for at in range(requests):
            async with session.post(f"{address}/score", json={"text": f"message {at}"}) as answer:
                assert answer.status == 200
                counts[answer.headers["X-Deployment"]] += 1
    return counts
