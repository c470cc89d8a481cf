"""Renders a chat prompt: inputs into the template, the text into messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llmops.flows.dag.chat_roles import parse_chat, restore
from llmops.flows.dag.images import find_images
from llmops.flows.dag.model_parameters import deployment_of
from llmops.flows.dag.prompt_result import escape_inputs, find_roles, shown_in_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from llmops.flows.dag.chat_roles import Image, Message
    from llmops.flows.dag.template import Template


def render_messages(
    template: Template, variables: Mapping[str, object], from_flow: Collection[str]
) -> list[Message]:
    """Return the messages; role words in the variables named by `from_flow` stay text.

    Raises:
        ChatFormatError: when the prompt does not split into messages.
    """
    images = [image for value in variables.values() for image in find_images(value)]
    compiled = template.illustrated if images else template.plain
    shown = cast("list[Image]", images)
    roles = find_roles(variables, from_flow)
    inputs = escape_inputs(variables, from_flow, roles) if roles else variables
    if deployment_of(variables):
        inputs = {name: shown_in_lines(value) for name, value in inputs.items()}
    messages = parse_chat(compiled.render(inputs), shown)
    if roles:
        restore(messages, roles)
    return messages
