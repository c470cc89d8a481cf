"""Whether the nodes of one configuration fit together, and the order they run in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from llmops.errors import Fault
from llmops.flows.dag.reference import InputReference, NodeReference
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmops.flows.dag.definition import Definition, Node


def check_nodes(definition: Definition, nodes: Sequence[Node]) -> Iterator[Fault]:
    """Yield duplicate names, references to nothing, cycles, and misplaced aggregation."""
    for name, times in Counter(node.name for node in nodes).items():
        if times > 1:
            where = f"{definition.label}: nodes.{name}"
            yield Fault(where=where, seen=f"the name is there {times} times")
    names = {node.name: node for node in nodes}
    for node in nodes:
        for key, value in node.inputs.items():
            yield from _check_value(value, f"{node.where}.inputs.{key}", definition, names)
        if node.activation:
            where = f"{node.where}.activate.when"
            yield from _check_value(node.activation.when, where, definition, names)
        yield from _check_aggregation(node, names)
    for name, value in definition.outputs.items():
        # promptflow looks at the node alone here, whatever stands for `output`.
        found = NodeReference(value.node) if isinstance(value, NodeReference) else value
        yield from _check_value(found, f"{definition.label}: outputs.{name}", definition, names)
    yield from _check_cycles(definition, nodes)


def dependencies(node: Node, names: Iterable[str]) -> frozenset[str]:
    """Return the nodes among `names` that this one refers to."""
    referred = {value.node for value in node.values if isinstance(value, NodeReference)}
    return frozenset(referred.intersection(names))


def in_order(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the nodes so that each comes after what it refers to; a cycle is left out."""
    names = [node.name for node in nodes]
    waiting = {node.name: set(dependencies(node, names)) for node in nodes}
    by_name = {node.name: node for node in nodes}
    ordered: list[Node] = []
    while free := next((name for name, needs in waiting.items() if not needs), None):
        del waiting[free]
        ordered.append(by_name[free])
        for needs in waiting.values():
            needs.discard(free)
    return tuple(ordered)


def upstream(node: Node, nodes: Sequence[Node]) -> frozenset[str]:
    """Return every node that this one depends on, directly or not."""
    by_name = {each.name: each for each in nodes}
    found: set[str] = set()
    waiting = [node]
    while waiting:
        new = dependencies(waiting.pop(), by_name) - found
        found |= new
        waiting.extend(by_name[name] for name in new)
    return frozenset(found)


def _check_value(
    value: object, where: str, definition: Definition, names: dict[str, Node]
) -> Iterator[Fault]:
    if isinstance(value, InputReference) and value.name not in definition.inputs:
        yield _missing(
            where, f"{value.text} is no input of the flow", value.name, definition.inputs
        )
    if isinstance(value, NodeReference):
        if value.node not in names:
            yield _missing(where, f"{value.text}: no node {value.node!r}", value.node, names)
        elif value.section != "output":
            seen = f"{value.text} refers to {value.section!r}"
            yield Fault(where=where, seen=seen, allowed=f"allowed: ${{{value.node}.output}}")


def _missing(where: str, seen: str, name: str, names: Iterable[str]) -> Fault:
    known = ", ".join(names)
    return Fault(
        where=where,
        seen=seen,
        allowed=f"allowed: {known}" if known else "there is none",
        next_step=nearest(name, names),
    )


def _check_aggregation(node: Node, names: dict[str, Node]) -> Iterator[Fault]:
    if node.aggregation:
        when = node.activation.when if node.activation else None
        decider = names.get(when.node) if isinstance(when, NodeReference) else None
        if decider and not decider.aggregation:
            seen = f"an aggregation node cannot depend on one line's {decider.name!r}"
            yield Fault(where=f"{node.where}.activate.when", seen=seen)
        return
    for name in sorted(dependencies(node, names)):
        if names[name].aggregation:
            seen = f"refers to the aggregation node {name!r}, which runs after all lines"
            yield Fault(where=node.where, seen=seen)


def _check_cycles(definition: Definition, nodes: Sequence[Node]) -> Iterator[Fault]:
    ordered = {node.name for node in in_order(nodes)}
    stuck = sorted({node.name for node in nodes} - ordered)
    if stuck:
        seen = f"these nodes wait for each other: {', '.join(stuck)}"
        yield Fault(where=f"{definition.label}: nodes", seen=seen)
