"""The literal inputs of nodes, made ready once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault
from llmops.flows.dag.images import create_image, load_images
from llmops.flows.dag.reference import InputReference, Literal
from llmops.flows.dag.value_types import convert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.flows.dag.definition import Node


def literals_of(node: Node) -> dict[str, object]:
    """Return the inputs that are written in the file."""
    return {name: each.value for name, each in node.inputs.items() if isinstance(each, Literal)}


def without_empty(literals: Mapping[str, object]) -> dict[str, object]:
    """Return the literals that say something: promptflow drops None and empty text."""
    return {name: value for name, value in literals.items() if value not in (None, "")}


def from_flow(node: Node) -> frozenset[str]:
    """Return the inputs that are the flow's own."""
    return frozenset(name for name, each in node.inputs.items() if isinstance(each, InputReference))


def shape(node: Node) -> list[object]:
    """Return what is the same for all lines: literals, and which inputs are the flow's own."""
    return [
        [name, each.value if isinstance(each, Literal) else isinstance(each, InputReference)]
        for name, each in node.inputs.items()
    ]


def converted(node: Node, name: str, value: object, type_name: str) -> object:
    """Return a literal as its parameter's type.

    Raises:
        ConfigError: when it is no such value.
    """
    try:
        return convert(value, type_name)
    except (ValueError, TypeError) as error:
        seen = f"{value!r} is no {type_name}: {error}"
        raise wrong(f"{node.where}.inputs.{name}", seen) from None


def with_images(
    node: Node, name: str, value: object, type_name: str, message_format: str
) -> object:
    """Return a literal with its images loaded.

    Raises:
        ConfigError: when one cannot be.
    """
    try:
        if type_name == "image":
            return create_image(value, message_format)
        return load_images(value, message_format)
    except Exception as error:
        raise wrong(f"{node.where}.inputs.{name}", f"no image: {error}") from error


def wrong(where: str, seen: str, allowed: str = "", next_step: str = "") -> ConfigError:
    """Return the error with this one fault."""
    return ConfigError([Fault(where=where, seen=seen, allowed=allowed, next_step=next_step)])
