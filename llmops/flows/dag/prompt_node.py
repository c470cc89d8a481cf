"""A `prompt` node: rendered text for other nodes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from llmops.domain.call import Answer
from llmops.flows.dag.prompt_result import PromptResult, escape_inputs, find_roles
from llmops.flows.dag.sharing_key import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.flow import LineContext
    from llmops.flows.dag.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTool:
    """`variables` are the literal inputs; `from_flow` names the inputs that are the flow's own."""

    name: str
    identity: str
    template: Template
    variables: Mapping[str, object]
    from_flow: frozenset[str]
    optional: frozenset[str] = frozenset()

    async def answer(self, inputs: dict[str, object], context: LineContext) -> Answer:
        """Return the rendered text."""
        work = partial(self._render, {**self.variables, **inputs})
        return await context.once(key_of(self.identity, inputs), self.name, work, paid=False)

    async def _render(self, variables: Mapping[str, object]) -> Answer:
        start = time.perf_counter()
        text = self.template.render(variables)
        roles = find_roles(variables, self.from_flow)
        escaped = ""
        if roles:
            escaped = self.template.render(escape_inputs(variables, self.from_flow, roles))
        result = PromptResult(text, escaped, roles)
        return Answer(output=result, seconds=time.perf_counter() - start)
