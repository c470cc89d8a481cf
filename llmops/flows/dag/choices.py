"""The nodes of one configuration: variants first, then the parameters that override inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from llmops.errors import Fault
from llmops.flows.dag.definition import Node, Variants
from llmops.flows.dag.reference import Literal
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.configuration import Configuration
    from llmops.flows.dag.definition import Definition

_MODEL_NAMES: Final = ("model", "deployment_name")
"""One name at OpenAI, the other at Azure: setting one sets both."""


def choose(
    definition: Definition, configuration: Configuration, faults: list[Fault]
) -> tuple[Node, ...]:
    """Return the configuration's nodes in file order; what it cannot choose goes to `faults`."""
    with_variants = [each.name for each in definition.nodes if isinstance(each, Variants)]
    for name in configuration.variants:
        if name not in with_variants:
            seen = f"{name!r} has no variants"
            faults.append(_unknown("variants", seen, name, with_variants, definition.label))
    nodes = {
        each.name: each
        if isinstance(each, Node)
        else _variant(each, configuration.variants, faults, definition.label)
        for each in definition.nodes
    }
    for key, value in configuration.parameters.items():
        name, _, entry = key.partition(".")
        if name not in nodes or not entry:
            seen = f"no node {name!r}" if entry else "a parameter is `node.input`"
            faults.append(_unknown(f"parameters.{key}", seen, name, list(nodes), definition.label))
        else:
            nodes[name] = _override(nodes[name], entry, value)
    return tuple(nodes[each.name] for each in definition.nodes)


def _variant(each: Variants, chosen: Mapping[str, str], faults: list[Fault], label: str) -> Node:
    wanted = chosen.get(each.name, each.default)
    if wanted not in each.nodes:
        where = f"variants.{each.name}"
        faults.append(_unknown(where, f"no variant {wanted!r}", wanted, list(each.nodes), label))
        wanted = next(iter(each.nodes))
    return each.nodes[wanted]


def _override(node: Node, entry: str, value: object) -> Node:
    if entry == "connection" and node.kind == "llm":
        return replace(node, connection=str(value))
    inputs = {**node.inputs, entry: Literal(value)}
    if node.kind == "llm" and entry in _MODEL_NAMES:
        inputs |= {other: Literal(value) for other in _MODEL_NAMES if other in inputs}
    return replace(node, inputs=inputs)


def _unknown(where: str, seen: str, name: str, names: list[str], label: str) -> Fault:
    return Fault(
        where=f"{label}: {where}",
        seen=seen,
        allowed=f"allowed: {', '.join(names)}" if names else "the flow has none",
        next_step=nearest(name, names),
    )
