"""Nodes that run together: one failure ends them all, a cancellation stays one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from llmops.domain.call import Answer, LineFailure
from llmops.flows.dag.scheduler import Execution, Graph, GraphNode

if TYPE_CHECKING:
    from llmops.domain.flow import LineContext

NOBODY = cast("LineContext", None)


@dataclass(slots=True)
class Waiting:
    """Waits to be cancelled."""

    cancelled: asyncio.Event
    optional: frozenset[str] = frozenset()

    async def answer(self, inputs: dict[str, object], context: LineContext) -> Answer:
        del inputs, context
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return Answer(output=None)


@dataclass(slots=True)
class Failing:
    """Fails once the others have started."""

    optional: frozenset[str] = field(default=frozenset())

    async def answer(self, inputs: dict[str, object], context: LineContext) -> Answer:
        del inputs, context
        await asyncio.sleep(0)
        raise LookupError("nothing there")


def execution(**tools: Waiting | Failing) -> Execution:
    nodes = [
        GraphNode(name=name, tool=tool, needs=frozenset(), inputs=(), sources=(), condition=None)
        for name, tool in tools.items()
    ]
    graph = Graph(nodes=nodes, followers=dict.fromkeys(tools, ()))
    return Execution(graph=graph, inputs={}, context=NOBODY)


def test_a_failure_cancels_the_others_and_leaves_the_task_sound() -> None:
    async def scenario() -> tuple[str, str, bool, int]:
        cancelled = asyncio.Event()
        task = asyncio.current_task()
        assert task
        with pytest.raises(LineFailure) as caught:
            await execution(waits=Waiting(cancelled), fails=Failing()).run()
        return caught.value.node, caught.value.kind, cancelled.is_set(), task.cancelling()

    assert asyncio.run(scenario()) == ("fails", "LookupError", True, 0)


def test_a_cancellation_from_outside_is_no_failure_of_the_line() -> None:
    async def scenario() -> bool:
        cancelled = asyncio.Event()
        line = execution(one=Waiting(cancelled), other=Waiting(asyncio.Event()))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await line.run()
        return cancelled.is_set()

    assert asyncio.run(scenario())


@dataclass(slots=True)
class Timed:
    """Takes a known time, and notes how many tasks run beside it."""

    seconds: float
    tasks: list[int]
    optional: frozenset[str] = frozenset()

    async def answer(self, inputs: dict[str, object], context: LineContext) -> Answer:
        del inputs, context
        await asyncio.sleep(0)
        self.tasks.append(len(asyncio.all_tasks()))
        return Answer(output=self.seconds, seconds=self.seconds)


def timed(
    needs: dict[str, tuple[str, ...]], seconds: dict[str, float]
) -> tuple[Execution, list[int]]:
    tasks: list[int] = []
    nodes = [
        GraphNode(
            name=name,
            tool=Timed(seconds[name], tasks),
            needs=frozenset(needs[name]),
            inputs=(),
            sources=(),
            condition=None,
        )
        for name in needs
    ]
    followers = {name: [node for node in nodes if name in node.needs] for name in needs}
    graph = Graph(nodes=nodes, followers=followers)
    return Execution(graph=graph, inputs={}, context=NOBODY), tasks


def test_a_chain_runs_in_the_callers_task() -> None:
    line, tasks = timed({"a": (), "b": ("a",), "c": ("a", "b")}, {"a": 1, "b": 2, "c": 3})
    asyncio.run(line.run())
    assert (line.seconds, tasks) == (6, [1, 1, 1])


def test_the_critical_path_is_the_longest_and_every_node_runs_once() -> None:
    needs = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ("a",), "f": ("d", "e")}
    seconds = {"a": 1.0, "b": 5.0, "c": 2.0, "d": 1.0, "e": 4.0, "f": 0.5}
    line, tasks = timed(needs, seconds)
    asyncio.run(line.run())
    assert line.seconds == 7.5
    assert line.outputs == seconds
    assert len(tasks) == 6
