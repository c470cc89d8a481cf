"""What a flow's files say of its nodes: parameters, connections, model calls. No code is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.domain.flow import FlowInterface, NodeCall, NodeVariants
from llmops.errors import Fault
from llmops.flows.dag.definition import Variants
from llmops.flows.dag.environment import used_connections
from llmops.flows.dag.model_parameters import TYPES
from llmops.flows.dag.reference import Literal, NodeReference
from llmops.flows.dag.tool_source import ToolSource, read_tool_source
from llmops.flows.dag.validate import in_order, upstream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.flows.dag.definition import Definition, Node
    from llmops.flows.dag.folder import FlowFolder


@dataclass(slots=True, kw_only=True)
class Description:
    """Reads each Python file once."""

    folder: FlowFolder
    _sources: dict[str, ToolSource] = field(default_factory=dict[str, ToolSource], init=False)

    def faults(self, nodes: Sequence[Node]) -> list[Fault]:
        """Return the sources that are missing or cannot be read."""
        faults = list(self.folder.faults())
        for node in nodes:
            if node.source_type == "package":
                if not node.tool:
                    faults.append(Fault(where=f"{node.where}.source.tool", seen="no tool"))
            elif not node.path or not self.folder.has(node.path):
                seen = f"no file {node.path!r} in the flow's folder" if node.path else "no path"
                faults.append(Fault(where=f"{node.where}.source.path", seen=seen))
            elif node.kind == "python":
                try:
                    self._source(node)
                except (SyntaxError, ValueError) as error:
                    line = getattr(error, "lineno", None)
                    where = f"{node.where}: {node.path}" + (f", line {line}" if line else "")
                    faults.append(Fault(where=where, seen=f"no Python: {error}"))
        return faults

    def interface(self, definition: Definition) -> FlowInterface:
        """Return what can be known without running the flow."""
        nodes = definition.all_nodes
        return FlowInterface(
            inputs=tuple(definition.inputs.values()),
            outputs=tuple(definition.outputs),
            variants=tuple(
                NodeVariants(node=each.name, default=each.default, ids=tuple(each.nodes))
                for each in definition.nodes
                if isinstance(each, Variants)
            ),
            parameters=frozenset(
                f"{node.name}.{name}" for node in nodes for name in self._parameters(node)
            ),
            open_parameters=frozenset(node.name for node in nodes if self._takes_any(node)),
            connections=used_connections(definition.environment_variables).union(
                *(self.connections(node) for node in nodes)
            ),
            aggregates=any(node.aggregation for node in nodes),
            texts={
                node.name: name
                for node in nodes
                for name, value in definition.outputs.items()
                if node.kind == "llm" and value == NodeReference(node.name)
            },
        )

    def calls(self, nodes: Sequence[Node]) -> tuple[NodeCall, ...]:
        """Return what one line may ask models, in the order of the nodes."""
        return tuple(
            NodeCall(
                node=node.name,
                connection=connection,
                model=_model(node),
                upstream=upstream(node, nodes),
                prompt="" if node.kind == "python" else self.folder.text(node.path),
                max_tokens=_max_tokens(node),
            )
            for node in in_order(nodes)
            if not node.aggregation
            for connection in sorted(self.connections(node))[:1]
        )

    def connections(self, node: Node) -> frozenset[str]:
        """Return the connections that the node names."""
        if node.kind == "llm":
            return frozenset({node.connection} - {""})
        literals = {
            name: str(each.value)
            for name, each in node.inputs.items()
            if isinstance(each, Literal) and each.value not in (None, "")
        }
        if node.kind == "python" and node.source_type == "code":
            takers = self._source(node).connections
        else:  # an installed tool; its inputs are known only where it is installed
            takers = {name for name in literals if "connection" in name.lower()}
        return frozenset(literals[name] for name in takers if name in literals)

    def _parameters(self, node: Node) -> frozenset[str]:
        names = frozenset(node.inputs)
        if node.kind == "llm":
            return names | frozenset(TYPES[node.api]) | {"deployment_name", "connection"}
        if node.kind == "python" and node.source_type == "code":
            return names | self._source(node).inputs
        return names

    def _takes_any(self, node: Node) -> bool:
        if node.kind == "python" and node.source_type == "code":
            return self._source(node).takes_any
        return True

    def _source(self, node: Node) -> ToolSource:
        if node.path not in self._sources:
            self._sources[node.path] = read_tool_source(self.folder.text(node.path))
        return self._sources[node.path]


def _model(node: Node) -> str:
    for name in ("model", "deployment_name"):
        value = node.inputs.get(name)
        if isinstance(value, Literal) and value.value:
            return str(value.value)
    return ""


def _max_tokens(node: Node) -> int | None:
    value = node.inputs.get("max_tokens")
    if isinstance(value, Literal) and str(value.value).isdigit():
        return int(str(value.value))
    return None
