"""Runs nodes in the order of their references: alone in the caller's task, together in a group."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.domain.call import CallFailure, LineFailure
from llmops.flows.dag.resolve import BrokenReference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.flow import LineContext
    from llmops.flows.dag.resolve import Resolver
    from llmops.flows.dag.tools import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The node runs only when what `when` gives equals `expected`; `node` is who gives it."""

    when: Resolver
    node: str
    expected: object


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """`needs` has every node it refers to; `sources` the node behind each varying input, or ''."""

    name: str
    tool: Tool
    needs: frozenset[str]
    inputs: Sequence[tuple[str, Resolver]]
    sources: Sequence[str]
    condition: Condition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes in an order that suits their references; `followers` are those that refer to a node."""

    nodes: Sequence[GraphNode]
    followers: Mapping[str, Sequence[GraphNode]]


@dataclass(slots=True, kw_only=True)
class Execution:
    """One walk through a graph; `outputs` of bypassed nodes are None.

    `finished` has the seconds from the start to the end of each node on its longest path.
    """

    graph: Graph
    inputs: Mapping[str, object]
    context: LineContext
    outputs: dict[str, object] = field(default_factory=dict[str, object])
    bypassed: set[str] = field(default_factory=set[str])
    finished: dict[str, float] = field(default_factory=dict[str, float])
    _missing: dict[str, int] = field(default_factory=dict[str, int], init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list["asyncio.Task[None]"], init=False)
    _failure: LineFailure | None = field(default=None, init=False)

    @property
    def seconds(self) -> float:
        """Return the length of the critical path."""
        return max(self.finished.values(), default=0.0)

    async def run(self) -> None:
        """Run every node that is not bypassed.

        Raises:
            LineFailure: from the first node that fails; the others are cancelled.
        """
        self._missing = {node.name: len(node.needs) for node in self.graph.nodes}
        ready = self._admit([node for node in self.graph.nodes if not node.needs])
        while len(ready) == 1:
            await self._answer(ready[0])
            ready = self._after(ready[0])
        if ready:
            await self._together(ready)

    async def _together(self, ready: Sequence[GraphNode]) -> None:
        async with asyncio.TaskGroup() as group:
            self._start_all(ready, group)
        if self._failure:
            raise self._failure

    def _start_all(self, nodes: Sequence[GraphNode], group: asyncio.TaskGroup) -> None:
        self._tasks.extend(group.create_task(self._follow(node, group)) for node in nodes)

    async def _follow(self, node: GraphNode, group: asyncio.TaskGroup) -> None:
        """Run the node and what it makes ready: one in this task, the others in new ones.

        A failure is kept, not raised: before Python 3.13 a group that sees one leaves the task it
        belongs to marked as cancelled.
        """
        following: GraphNode | None = node
        try:
            while following and not self._failure:
                await self._answer(following)
                ready = self._after(following)
                following = ready[0] if ready else None
                self._start_all(ready[1:], group)
        except LineFailure as failure:
            self._failure = self._failure or failure
            for task in self._tasks:
                if task is not asyncio.current_task():
                    task.cancel()

    async def _answer(self, node: GraphNode) -> None:
        try:
            inputs: dict[str, object] = {}
            for (name, resolve), source in zip(node.inputs, node.sources, strict=True):
                if source not in self.bypassed:
                    inputs[name] = resolve(self.inputs, self.outputs)
                elif name not in node.tool.optional:
                    inputs[name] = None
            answer = await node.tool.answer(inputs, self.context)
        except LineFailure:
            raise
        except CallFailure as failure:
            raise LineFailure(node.name, failure.kind, str(failure)) from failure
        except Exception as error:
            raise LineFailure(node.name, type(error).__name__, str(error)) from error
        self.outputs[node.name] = answer.output
        self.finished[node.name] = self._start(node) + answer.seconds

    def _start(self, node: GraphNode) -> float:
        return max((self.finished[name] for name in node.needs), default=0.0)

    def _after(self, node: GraphNode) -> list[GraphNode]:
        """Return the nodes that can run now that this one is done."""
        free: list[GraphNode] = []
        for follower in self.graph.followers[node.name]:
            self._missing[follower.name] -= 1
            if not self._missing[follower.name]:
                free.append(follower)
        return self._admit(free) if free else free

    def _admit(self, free: list[GraphNode]) -> list[GraphNode]:
        """Return those that run; bypassed ones are done at once, and make others free."""
        ready: list[GraphNode] = []
        for node in free:
            if self._is_bypassed(node):
                self.bypassed.add(node.name)
                self.outputs[node.name] = None
                self.finished[node.name] = self._start(node)
                ready.extend(self._after(node))
            else:
                ready.append(node)
        return ready

    def _is_bypassed(self, node: GraphNode) -> bool:
        """Return whether its condition fails; without one, whether all it refers to is bypassed."""
        if node.condition is None:
            referred = [source for source in node.sources if source]
            return bool(referred) and self.bypassed.issuperset(referred)
        if node.condition.node in self.bypassed:
            return True
        try:
            found = node.condition.when(self.inputs, self.outputs)
        except BrokenReference as error:
            raise LineFailure(node.name, "BrokenReference", str(error)) from None
        return bool(found != node.condition.expected)
