"""An `llm` node: a template, parameters, a connection; one request for each distinct prompt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from llmops.domain.call import Answer, CallFailure, ModelRequest, Sample
from llmops.flows.dag.messages import render_messages
from llmops.flows.dag.model_parameters import TYPES, chat_body, completion_body, deployment_of
from llmops.flows.dag.sharing_key import request_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.call import Api
    from llmops.domain.flow import LineContext
    from llmops.flows.dag.model_parameters import Body
    from llmops.flows.dag.template import Template

_MESSAGE: Final[dict[str, object]] = {
    "content": None,
    "refusal": None,
    "annotations": None,
    "audio": None,
    "function_call": None,
    "tool_calls": None,
}
"""What a message always has for who reads it whole, as the `openai` package gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmTool:
    """`parameters` and `variables` are the literal inputs; `body` is set where no parameter varies.

    `from_flow` names the inputs that are the flow's own, whose role words are escaped.
    """

    name: str
    identity: str
    api: Api
    connection: str
    template: Template
    parameters: Mapping[str, object]
    variables: Mapping[str, object]
    from_flow: frozenset[str]
    body: Body | None

    @property
    def optional(self) -> frozenset[str]:
        """Return the parameters: the API has defaults for all."""
        return frozenset(TYPES[self.api])

    async def answer(self, inputs: dict[str, object], context: LineContext) -> Answer:
        """Return what the model says."""
        known = TYPES[self.api]
        parameters = {**self.parameters}
        variables = {**self.variables}
        for name, value in inputs.items():
            (parameters if name in known else variables)[name] = value
        deployment = deployment_of(variables)
        body = self._body(parameters, variables)
        sample = Sample(node=self.name)
        request = ModelRequest(api=self.api, body=body, deployment=deployment, sample=sample)
        key = request_key(self.identity, deployment, body)
        return await context.once(key, self.name, partial(self._ask, request, context), paid=True)

    def _body(self, parameters: Mapping[str, object], variables: Mapping[str, object]) -> Body:
        if self.api == "completion":
            body = self.body or completion_body({**variables, **parameters})
            return {**body, "prompt": self.template.render(variables)}
        body = self.body or chat_body({**variables, **parameters})
        return {**body, "messages": render_messages(self.template, variables, self.from_flow)}

    async def _ask(self, request: ModelRequest, context: LineContext) -> Answer:
        response = await context.call_model(self.connection, request)
        return Answer(
            output=first_choice(request, response.body),
            seconds=response.seconds,
            usage=response.usage,
            calls=1,
            model=response.model,
        )


def first_choice(request: ModelRequest, answer: Mapping[str, object]) -> object:
    """Return the text; the whole message where functions or tools were offered.

    Raises:
        CallFailure: when the answer has no choice.
    """
    try:
        choice = cast("list[dict[str, object]]", answer["choices"])[0]
        if request.api == "completion":
            return choice["text"]
        message = cast("dict[str, object]", choice["message"])
        if request.body.get("functions") or request.body.get("tools"):
            return {**_MESSAGE, **message}
        return message.get("content")
    except (LookupError, TypeError, AttributeError) as error:
        raise CallFailure("broken_answer", f"the answer has no choice to read: {error!r}") from None
