"""Makes the tools of `python` nodes: of the flow's own code, and of installed packages."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from llmops.flows.dag.node_inputs import (
    converted,
    literals_of,
    shape,
    with_images,
    without_empty,
    wrong,
)
from llmops.flows.dag.promptflow_node import PromptflowTool, find_package_tool
from llmops.flows.dag.python_node import ConnectionInput, Provider, PythonTool
from llmops.flows.dag.sharing_key import identity
from llmops.flows.dag.signature import type_of
from llmops.flows.dag.tool_functions import find_tool
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from llmops.flows.dag.definition import Node
    from llmops.flows.dag.folder import FlowFolder
    from llmops.flows.dag.modules import FlowModules
    from llmops.flows.dag.tool_functions import ToolFunction


def make_python_tool(
    node: Node, modules: FlowModules, folder: FlowFolder, message_format: str
) -> PythonTool | PromptflowTool:
    """Return the tool of a file; promptflow's own where it takes an assistant's definition.

    Raises:
        ConfigError: when the file, its function or an input cannot be used.
    """
    module = _load(node, modules)
    tool = _tool_function(node, module)
    types = {name: type_of(each) for name, each in tool.parameters.items()}
    literals: dict[str, object] = {}
    connections: dict[str, ConnectionInput] = {}
    for name, value in without_empty(literals_of(node)).items():
        type_ = types.get(name)
        if type_ is None:
            literals[name] = value
        elif type_.is_connection:
            connections[name] = ConnectionInput(connection=str(value), type=type_, module=module)
        elif type_.name == "assistant_definition":
            return _by_promptflow(node, folder, message_format, _optional(tool), paid=True)
        else:
            typed = converted(node, name, value, type_.name)
            literals[name] = with_images(node, name, typed, type_.name, message_format)
    return PythonTool(
        name=node.name,
        identity=identity(node.name, "python", node.path, folder.digest, shape(node)),
        function=tool.function,
        provider=_provider(tool, literals, connections),
        literals={
            name: value for name, value in literals.items() if name not in tool.owner_parameters
        },
        connections=connections,
        optional=_optional(tool),
        order=tuple(node.inputs),
    )


def make_package_tool(node: Node, folder: FlowFolder, message_format: str) -> PromptflowTool:
    """Return the tool of an installed package.

    Raises:
        ConfigError: when it is not installed.
    """
    try:
        found = find_package_tool(node.tool)
    except Exception as error:
        seen = f"{type(error).__name__}: {error}"
        raise wrong(f"{node.where}.source.tool", seen, "a tool of an installed package") from error
    paid = bool(found.connections & without_empty(literals_of(node)).keys())
    return _by_promptflow(node, folder, message_format, found.optional, paid=paid)


def _by_promptflow(
    node: Node, folder: FlowFolder, message_format: str, optional: frozenset[str], *, paid: bool
) -> PromptflowTool:
    return PromptflowTool(
        node=node,
        folder=folder.merged,
        message_format=message_format,
        identity=identity(node.name, node.kind, node.tool, folder.digest, shape(node)),
        optional=optional,
        paid=paid,
    )


def _load(node: Node, modules: FlowModules) -> ModuleType:
    try:
        return modules.tool(node.path)
    except Exception as error:
        seen = f"{node.path} cannot be loaded: {type(error).__name__}: {error}"
        raise wrong(f"{node.where}.source.path", seen) from error


def _tool_function(node: Node, module: ModuleType) -> ToolFunction:
    try:
        tool = find_tool(module)
    except ValueError as error:
        raise wrong(f"{node.where}.source.path", f"{node.path}: {error}") from None
    literals = literals_of(node)
    given = [*(node.inputs.keys() - literals.keys()), *without_empty(literals)]
    for name in given:
        if name not in tool.parameters and not tool.takes_any:
            raise wrong(
                f"{node.where}.inputs.{name}",
                f"the tool {tool.function.__name__!r} takes no {name!r}",
                f"allowed: {', '.join(tool.parameters)}",
                nearest(name, tool.parameters),
            )
    for name in tool.owner_parameters:
        if name in given and name not in literals:
            seen = "an argument of the tool's class is the same for all lines"
            raise wrong(f"{node.where}.inputs.{name}", seen, "a literal")
        if name not in given and tool.parameters[name].default is inspect.Parameter.empty:
            raise wrong(f"{node.where}.inputs", f"the tool's class needs {name!r}")
    return tool


def _provider(
    tool: ToolFunction, literals: Mapping[str, object], connections: Mapping[str, ConnectionInput]
) -> Provider | None:
    own = tool.owner_parameters
    return tool.owner and Provider(
        type=tool.owner,
        literals={name: value for name, value in literals.items() if name in own},
        connections=own & connections.keys(),
    )


def _optional(tool: ToolFunction) -> frozenset[str]:
    return frozenset(
        name
        for name, each in tool.parameters.items()
        if each.default is not inspect.Parameter.empty
    )
