"""A `flow.dag.yaml` as values: what the file says, before any choice of variants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.flow import FlowInput
    from llmops.flows.dag.reference import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """The node runs only when `when` equals `expected`."""

    when: Value
    expected: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node, or one variant of it; `where` is how messages name it.

    `source_type` is `code`, `package` or `package_with_prompt`; `path` and `tool` are what the
    source names, empty where it does not.
    """

    name: str
    where: str
    kind: str
    source_type: str
    path: str
    tool: str
    inputs: Mapping[str, Value]
    api: str = ""
    connection: str = ""
    aggregation: bool = False
    activation: Activation | None = None

    @property
    def values(self) -> tuple[Value, ...]:
        """Return the inputs, and what decides whether the node runs."""
        condition = (self.activation.when,) if self.activation else ()
        return (*self.inputs.values(), *condition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """A node with `use_variants: true`; each variant is a whole node."""

    name: str
    where: str
    default: str
    nodes: Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """The file; `nodes` in file order."""

    label: str
    inputs: Mapping[str, FlowInput]
    outputs: Mapping[str, Value]
    nodes: tuple[Node | Variants, ...]
    additional_includes: tuple[str, ...] = ()
    environment_variables: Mapping[str, str] = field(default_factory=dict[str, str])
    message_format: str = "basic"

    @property
    def all_nodes(self) -> tuple[Node, ...]:
        """Return every node in every variant."""
        found: list[Node] = []
        for each in self.nodes:
            found.extend([each] if isinstance(each, Node) else each.nodes.values())
        return tuple(found)
