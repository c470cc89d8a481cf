"""A node that promptflow itself resolves and runs: package tools, custom LLM tools, assistants."""

from __future__ import annotations

import importlib
import inspect
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from llmops.flows.dag.calling import call_tool, share
from llmops.flows.dag.prompt_result import PromptResult
from llmops.flows.dag.promptflow_imports import import_promptflow
from llmops.flows.dag.reference import Literal
from llmops.flows.dag.sharing_key import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from llmops.domain.call import Answer
    from llmops.domain.flow import LineContext
    from llmops.flows.dag.definition import Node


class _Input(Protocol):
    value: object
    value_type: object


class _ResolvedNode(Protocol):
    inputs: dict[str, _Input]


class _Resolved(Protocol):
    node: _ResolvedNode
    callable: Callable[..., object]


class _Resolver(Protocol):
    def resolve_tool_by_node(self, node: object) -> _Resolved: ...


class _EscapedPrompt(Protocol):
    def set_escape_string(self, escaped_string: str) -> None: ...
    def set_escape_mapping(self, escape_mapping: dict[str, str]) -> None: ...


@dataclass(frozen=True, slots=True)
class _Connections:
    """What promptflow asks for connections."""

    context: LineContext

    def get(self, name: str) -> object:
        return self.context.connection_object(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    function: Callable[..., object]
    literals: Mapping[str, object]


@dataclass(slots=True, kw_only=True)
class PromptflowTool:
    """The node is resolved at the first line, when its connections are open."""

    node: Node
    folder: Path
    message_format: str
    identity: str
    optional: frozenset[str]
    paid: bool
    _ready: _Ready | None = field(default=None, init=False)

    async def answer(self, inputs: dict[str, object], context: LineContext) -> Answer:
        """Return what the tool gives."""
        work = partial(self._run, inputs, context)
        key = key_of(self.identity, inputs)
        return await share(key, self.node.name, work, context, paid=self.paid)

    async def _run(self, inputs: Mapping[str, object], context: LineContext) -> Answer:
        if self._ready is None:
            found = await context.in_thread(partial(self._resolve, context))
            self._ready = cast("_Ready", found)
        given = {name: _promptflows(value) for name, value in inputs.items()}
        function = partial(self._ready.function, **self._ready.literals)
        return await call_tool(function, given, context)

    def _resolve(self, context: LineContext) -> _Ready:
        contracts = import_promptflow("promptflow.contracts.flow")
        module = import_promptflow("promptflow.executor._tool_resolver")
        keys = [self.node.tool] if self.node.tool else []
        resolver = cast(
            "_Resolver",
            module.ToolResolver(
                self.folder, _Connections(context), keys, message_format=self.message_format
            ),
        )
        node = cast("object", contracts.Node.deserialize(self._description()))
        sys.path.insert(0, str(self.folder))  # an assistant's functions are files of the flow
        try:
            found = resolver.resolve_tool_by_node(node)
        finally:
            sys.path.remove(str(self.folder))
        literal = cast("object", contracts.InputValueType.LITERAL)
        inputs = found.node.inputs.items()
        return _Ready(
            function=found.callable,
            literals={name: each.value for name, each in inputs if each.value_type is literal},
        )

    def _description(self) -> dict[str, object]:
        node = self.node
        source = {"type": node.source_type, "tool": node.tool, "path": node.path}
        return {
            "name": node.name,
            "type": node.kind,
            "source": {key: value for key, value in source.items() if value},
            "inputs": {
                name: each.value if isinstance(each, Literal) else each.text
                for name, each in node.inputs.items()
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTool:
    """What is known of an installed tool: inputs with a default, and those that are connections."""

    optional: frozenset[str]
    connections: frozenset[str]


def find_package_tool(name: str) -> PackageTool:
    """Return the tool of an installed package.

    Raises:
        LookupError: when no package has it.
    """
    manager = import_promptflow("promptflow._core.tools_manager")
    collect = cast(
        "Callable[[list[str]], dict[str, dict[str, object]]]", manager.collect_package_tools
    )
    found = collect([name])
    if not found:
        raise LookupError(f"no installed package has the tool {name!r}")
    about = found.get(name) or next(iter(found.values()))
    module = importlib.import_module(str(about["module"]))
    owner = getattr(module, str(about["class_name"])) if about.get("class_name") else module
    parameters = inspect.signature(getattr(owner, str(about["function"]))).parameters.values()
    inputs = cast("dict[str, dict[str, object]]", about.get("inputs") or {})
    return PackageTool(
        optional=frozenset(
            each.name for each in parameters if each.default is not inspect.Parameter.empty
        ),
        connections=frozenset(
            key for key, each in inputs.items() if "Connection" in str(each.get("type"))
        ),
    )


def _promptflows(value: object) -> object:
    """Return promptflow's own class for the result of a prompt node: its tools look for it."""
    if not isinstance(value, PromptResult):
        return value
    module = import_promptflow("promptflow.tools.common")
    result = cast("_EscapedPrompt", module.PromptResult(str(value)))
    result.set_escape_string(value.escaped)
    result.set_escape_mapping(dict(value.roles))
    return result
