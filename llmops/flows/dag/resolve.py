"""Prepared references: functions that give a node's input from what a line has so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from llmops.flows.dag.reference import InputReference, Literal, Value, follow, parse_path

Resolver: TypeAlias = Callable[[Mapping[str, object], Mapping[str, object]], object]
"""Takes the flow's inputs and the nodes' outputs."""


class BrokenReference(LookupError):  # noqa: N818
    """A reference to what a line does not have."""


def resolver(value: Value) -> Resolver:
    """Return the function; it raises BrokenReference where there is nothing."""
    if isinstance(value, Literal):
        literal = value.value
        return lambda _inputs, _outputs: literal
    if isinstance(value, InputReference):
        return named(value.name, value.text)
    if not value.path:
        node = value.node
        return lambda _inputs, outputs: outputs[node]
    return _property(value.node, value.path, value.text)


def named(name: str, text: str) -> Resolver:
    """Return the function that gives the input of this name; `text` is the reference's own."""

    def resolve(inputs: Mapping[str, object], outputs: Mapping[str, object]) -> object:
        del outputs
        try:
            return inputs[name]
        except KeyError:
            raise BrokenReference(f"{text}: the line has no such input") from None

    return resolve


def _property(node: str, path: str, text: str) -> Resolver:
    steps = parse_path(path)

    def resolve(inputs: Mapping[str, object], outputs: Mapping[str, object]) -> object:
        del inputs
        try:
            return follow(outputs[node], steps)
        except (LookupError, AttributeError, TypeError) as error:
            raise BrokenReference(f"{text}: {type(error).__name__}: {error}") from None

    return resolve
