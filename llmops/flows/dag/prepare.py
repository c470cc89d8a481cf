"""Turns the nodes of a configuration into tools that are ready to run."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from llmops.errors import ConfigError, Fault
from llmops.flows.dag.llm_node import LlmTool
from llmops.flows.dag.model_parameters import RESERVED, TYPES, chat_body, completion_body
from llmops.flows.dag.modules import FlowModules
from llmops.flows.dag.node_inputs import (
    converted,
    from_flow,
    literals_of,
    shape,
    with_images,
    without_empty,
    wrong,
)
from llmops.flows.dag.prepare_python import make_package_tool, make_python_tool
from llmops.flows.dag.prompt_node import PromptTool
from llmops.flows.dag.sharing_key import identity
from llmops.flows.dag.template import compile_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.call import Api
    from llmops.flows.dag.definition import Node
    from llmops.flows.dag.folder import FlowFolder
    from llmops.flows.dag.model_parameters import Body
    from llmops.flows.dag.template import Template
    from llmops.flows.dag.tools import Tool


@dataclass(slots=True, kw_only=True)
class Workshop:
    """Makes the tools of one flow; Python files are loaded once for all configurations."""

    folder: FlowFolder
    message_format: str
    _modules: FlowModules | None = field(default=None, init=False)

    def make(self, node: Node, faults: list[Fault]) -> Tool | None:
        """Return the node's tool; None when something is wrong, which is then in `faults`."""
        try:
            with contextlib.chdir(self.folder.merged):  # promptflow reads paths from there
                return self._make(node)
        except ConfigError as error:
            faults.extend(error.faults)
        return None

    def _make(self, node: Node) -> Tool:
        if node.kind == "llm":
            return self._llm(node)
        if node.kind == "prompt":
            return self._prompt(node)
        if node.kind == "python" and node.source_type == "code":
            self._modules = self._modules or FlowModules(self.folder.merged, self.folder.digest)
            return make_python_tool(node, self._modules, self.folder, self.message_format)
        return make_package_tool(node, self.folder, self.message_format)

    def _llm(self, node: Node) -> LlmTool:
        if not node.connection:
            raise wrong(f"{node.where}.connection", "no connection")
        known = TYPES[node.api]
        template = self._template(node, {*known, *RESERVED})
        literals = without_empty(literals_of(node))
        parameters = {
            name: converted(node, name, value, known[name])
            for name, value in literals.items()
            if name in known
        }
        variables = {name: value for name, value in literals.items() if name not in known}
        variables = self._with_images(node, template, variables)
        varying = node.inputs.keys() - literals_of(node).keys()
        body = None
        if not varying & {*known, "deployment_name", "n"}:
            body = _body(node, {**variables, **parameters})
        return LlmTool(
            name=node.name,
            identity=identity(node.name, "llm", node.api, node.connection),
            api=cast("Api", node.api),
            connection=node.connection,
            template=template,
            parameters=parameters,
            variables=variables,
            from_flow=from_flow(node),
            body=body,
        )

    def _prompt(self, node: Node) -> PromptTool:
        template = self._template(node, {"template"})
        variables = self._with_images(node, template, literals_of(node))
        return PromptTool(
            name=node.name,
            identity=identity(node.name, "prompt", template.text, shape(node)),
            template=template,
            variables=variables,
            from_flow=from_flow(node),
        )

    def _template(self, node: Node, reserved: set[str]) -> Template:
        text = self.folder.text(node.path)
        template = compile_template(text, f"{node.where}: {node.path}")
        taken = sorted(template.variables & reserved)
        if taken:
            seen = f"the template's variables {', '.join(taken)} are names of parameters"
            raise wrong(f"{node.where}: {node.path}", seen, "other names")
        return template

    def _with_images(
        self, node: Node, template: Template, variables: Mapping[str, object]
    ) -> dict[str, object]:
        return {
            name: with_images(node, name, value, "image", self.message_format)
            if name in template.images
            else value
            for name, value in variables.items()
        }


def _body(node: Node, parameters: Mapping[str, object]) -> Body:
    try:
        return chat_body(parameters) if node.api == "chat" else completion_body(parameters)
    except (ValueError, TypeError) as error:
        raise wrong(f"{node.where}.inputs", str(error)) from None
