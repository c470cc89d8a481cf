"""Builds the step of a configuration: tools, graphs and prepared references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault
from llmops.flows.dag.environment import set_variables
from llmops.flows.dag.flow_inputs import FlowInputs
from llmops.flows.dag.prepare import Workshop
from llmops.flows.dag.reference import InputReference, Literal, NodeReference
from llmops.flows.dag.resolve import named, resolver
from llmops.flows.dag.scheduler import Condition, Graph, GraphNode
from llmops.flows.dag.step import DagStep
from llmops.flows.dag.validate import dependencies, in_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.flows.dag.definition import Definition, Node
    from llmops.flows.dag.folder import FlowFolder
    from llmops.flows.dag.reference import Value
    from llmops.flows.dag.resolve import Resolver
    from llmops.flows.dag.tools import Tool


class Assembler:
    """Builds the steps of one flow; Python files are loaded once for all configurations."""

    def __init__(self, definition: Definition, folder: FlowFolder) -> None:
        """Keep what all configurations have in common."""
        self._definition = definition
        self._workshop = Workshop(folder=folder, message_format=definition.message_format)

    def assemble(self, nodes: Sequence[Node]) -> DagStep:
        """Return the step of these nodes.

        Raises:
            ConfigError: with every node that cannot be used.
        """
        definition = self._definition
        pending = set_variables(definition.environment_variables, definition.label)
        tools = self._tools(nodes)
        lines = [node for node in nodes if not node.aggregation]
        aggregating = [node for node in nodes if node.aggregation]
        names = {node.name for node in lines}
        passed_on = {
            value.text: resolver(value)
            for node in aggregating
            for value in node.inputs.values()
            if isinstance(value, InputReference)
            or (isinstance(value, NodeReference) and value.node in names)
        }
        return DagStep(
            inputs=FlowInputs(
                declared=tuple(definition.inputs.values()),
                message_format=definition.message_format,
                folder=self._workshop.folder.merged,
            ),
            graph=_graph(lines, tools, {}),
            outputs={
                name: resolver(_of_output(value))
                for name, value in definition.outputs.items()
                if not isinstance(value, NodeReference) or value.node in names
            },
            aggregation=_graph(aggregating, tools, passed_on),
            passed_on=passed_on,
            pending=pending,
        )

    def _tools(self, nodes: Sequence[Node]) -> dict[str, Tool]:
        faults: list[Fault] = []
        tools: dict[str, Tool] = {}
        for node in nodes:
            tool = self._workshop.make(node, faults)
            if tool:
                tools[node.name] = tool
        if faults:
            raise ConfigError(faults)
        return tools


def _graph(
    nodes: Sequence[Node], tools: Mapping[str, Tool], columns: Mapping[str, Resolver]
) -> Graph:
    """Return the graph; references named in `columns` are found whole among the inputs."""
    names = {node.name for node in nodes}
    ordered = [_graph_node(node, tools[node.name], names, columns) for node in in_order(nodes)]
    return Graph(
        nodes=ordered,
        followers={name: [each for each in ordered if name in each.needs] for name in names},
    )


def _graph_node(
    node: Node, tool: Tool, names: set[str], columns: Mapping[str, Resolver]
) -> GraphNode:
    varying = {name: value for name, value in node.inputs.items() if not isinstance(value, Literal)}
    activation = node.activation
    return GraphNode(
        name=node.name,
        tool=tool,
        needs=dependencies(node, names),
        inputs=[(name, _resolver(value, columns)) for name, value in varying.items()],
        sources=[_source(value, names) for value in varying.values()],
        condition=Condition(
            when=_resolver(activation.when, columns),
            node=_source(activation.when, names),
            expected=activation.expected,
        )
        if activation
        else None,
    )


def _resolver(value: Value, columns: Mapping[str, Resolver]) -> Resolver:
    if not isinstance(value, Literal) and value.text in columns:
        return named(value.text, value.text)
    return resolver(value)


def _source(value: Value, names: set[str]) -> str:
    return value.node if isinstance(value, NodeReference) and value.node in names else ""


def _of_output(value: Value) -> Value:
    """Return the reference as promptflow reads it: whatever section it names is the output."""
    return NodeReference(value.node, path=value.path) if isinstance(value, NodeReference) else value
