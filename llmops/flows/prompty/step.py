"""A prompty with one configuration baked in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from llmops.domain.call import Answer, CallFailure, LineFailure, ModelRequest, Sample
from llmops.domain.flow import LineOutput
from llmops.flows.dag.chat_roles import ChatFormatError
from llmops.flows.dag.flow_inputs import FlowInputs
from llmops.flows.dag.llm_node import first_choice
from llmops.flows.dag.messages import render_messages
from llmops.flows.dag.sharing_key import identity, request_key
from llmops.flows.dag.template import compile_template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmops.domain.flow import LineContext
    from llmops.flows.dag.template import Template
    from llmops.flows.prompty.document import Document


def prompty_step(name: str, document: Document, folder: Path) -> PromptyStep:
    """Return the step.

    Raises:
        ConfigError: when the template is no valid Jinja.
    """
    return PromptyStep(
        name=name,
        document=document,
        inputs=FlowInputs(declared=document.inputs, message_format="basic", folder=folder),
        template=compile_template(document.template, document.label),
        identity=identity(name, "prompty", document.api, document.connection),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptyStep:
    """Implements `Step`; a prompty aggregates nothing."""

    name: str
    document: Document
    inputs: FlowInputs
    template: Template
    identity: str

    async def run_line(self, inputs: Mapping[str, object], context: LineContext) -> LineOutput:
        """Answer one line; see `Step.run_line`."""
        given = await self.inputs.of_line(inputs, context)
        try:
            request = self._request(given)
            key = request_key(self.identity, request.deployment, request.body)
            ask = partial(self._ask, request, context)
            answer = await context.once(key, self.name, ask, paid=True)
            outputs = self._outputs(answer.output)
        except CallFailure as failure:
            raise LineFailure(self.name, failure.kind, str(failure)) from failure
        except Exception as error:
            raise LineFailure(self.name, type(error).__name__, str(error)) from error
        return LineOutput(outputs=outputs, seconds=answer.seconds)

    async def aggregate(
        self,
        inputs: Mapping[str, Sequence[object]],
        aggregation_inputs: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> Mapping[str, float]:
        """Return nothing; see `Step.aggregate`."""
        del inputs, aggregation_inputs, context
        return {}

    def _request(self, variables: Mapping[str, object]) -> ModelRequest:
        document = self.document
        body: dict[str, object] = {"model": document.model, **document.parameters}
        if document.api == "completion":
            body["prompt"] = self.template.render(variables)
        else:
            body["messages"] = render_messages(self.template, variables, variables)
        return ModelRequest(
            api=document.api,
            body=body,
            deployment=document.model,
            sample=Sample(node=self.name),
        )

    async def _ask(self, request: ModelRequest, context: LineContext) -> Answer:
        response = await context.call_model(self.document.connection, request)
        return Answer(
            output=first_choice(request, response.body),
            seconds=response.seconds,
            usage=response.usage,
            calls=1,
            model=response.model,
        )

    def _outputs(self, answer: object) -> Mapping[str, object]:
        """Return what promptflow's prompty returns, as a flow's outputs.

        Text is `output`; an answer in JSON gives its keys, or those that the file declares; a
        message that calls tools is given whole.
        """
        if isinstance(answer, dict):
            message = cast("dict[str, object]", answer)
            if message.get("tool_calls") or message.get("function_call"):
                return message
            answer = message.get("content")
        if not self.document.answers_json:
            return {"output": answer}
        found = cast("object", json.loads(str(answer)))
        if not isinstance(found, dict):
            raise ChatFormatError(f"the answer is no JSON object: {str(answer)[:80]}")
        keys = cast("dict[str, object]", found)
        if missing := [name for name in self.document.outputs if name not in keys]:
            raise KeyError(f"the answer has no {', '.join(missing)}, but {', '.join(keys)}")
        return {name: keys[name] for name in self.document.outputs} or keys
