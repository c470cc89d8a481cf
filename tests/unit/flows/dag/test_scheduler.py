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
