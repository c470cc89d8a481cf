"""Splits a rendered prompt at its roles into the messages of the chat API."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from llmops.flows.dag.prompt_result import ROLE_LINE, ROLES, restore_roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Message: TypeAlias = dict[str, object]


class Image(Protocol):
    """promptflow's image: bytes that print as `Image(<digest>)`."""

    _mime_type: str

    @property
    def source_url(self) -> str | None:
        """Return where it came from, if anyone may fetch it there."""
        ...

    def to_base64(self) -> str:
        """Return the bytes as text."""
        ...


class ChatFormatError(ValueError):
    """A prompt that does not split into messages."""


def _headed(name: str) -> re.Pattern[str]:
    """Return the pattern of a message that opens with `name:` and its value, then `content:`."""
    return re.compile(
        rf"\n*#{{0,2}}\s*{name}\s*:\s*\n+\s*(\S+)\s*\n*#{{0,2}}\s*content\s*:\s*\n?(.*)", re.DOTALL
    )


_NAMED: Final = _headed("name")
_ANSWERED: Final = _headed("tool_call_id")
_TOOL_CALLS: Final = re.compile(r"\n*#{0,2}\s*tool_calls\s*:\s*\n+\s*(\[.*?\])", re.DOTALL)


def parse_chat(text: str, images: Iterable[Image] = ()) -> list[Message]:
    r"""Return the messages; text before the first role is refused.

    >>> parse_chat("# system:\nBe brief.\n\n# user:\nHello")
    [{'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': 'Hello'}]

    Raises:
        ChatFormatError: when the prompt has no such form.
    """
    before, *parts = ROLE_LINE.split(text)
    if before.strip():
        roles = ", ".join(f"'{role}:'" for role in ROLES)
        raise ChatFormatError(
            f"the chat prompt opens with {before.strip()[:80]!r}; "
            f"each message opens with a line of its own: {roles}"
        )
    shown = {str(image): image for image in images}
    return [
        _message(role.lower(), content, shown)
        for role, content in zip(parts[::2], parts[1::2], strict=True)
    ]


def restore(messages: list[Message], roles: Mapping[str, str]) -> None:
    """Put the roles that were escaped back into the messages."""
    for message in messages:
        for key, value in message.items():
            if isinstance(value, str):
                message[key] = restore_roles(value, roles)
            elif isinstance(value, list):
                for part in cast("list[object]", value):
                    _restore_part(part, roles)


def _restore_part(part: object, roles: Mapping[str, str]) -> None:
    if isinstance(part, dict) and "text" in part:
        parts = cast("dict[str, str]", part)
        parts["text"] = restore_roles(parts["text"], roles)


def _message(role: str, text: str, images: Mapping[str, Image]) -> Message:
    if role == "tool":
        if not (found := _ANSWERED.search(text)):
            raise ChatFormatError("a `tool` message needs `tool_call_id:` and `content:`")
        return {
            "role": role,
            "tool_call_id": found[1],
            "content": _content(found[2], images),
        }
    if role == "assistant" and (calls := _tool_calls(text)) is not None:
        return {"role": role, "tool_calls": calls}
    if "name" in text and (found := _NAMED.search(text)):
        return {"role": role, "name": found[1], "content": _content(found[2], images)}
    if role == "function":
        raise ChatFormatError("a `function` message needs `name:` and `content:`")
    return {"role": role, "content": _content(text, images)}


def _tool_calls(text: str) -> object | None:
    if "tool_calls" not in text or not (found := _TOOL_CALLS.search(text)):
        return None
    try:
        return cast("object", ast.literal_eval(found[1]))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _content(text: str, images: Mapping[str, Image]) -> str | list[Message]:
    """Return the text; parts instead where a line of it is an image."""
    text = text.strip()
    lines = [line for line in text.split("\n") if line.strip()]
    if not any(line.strip() in images for line in lines):
        return text
    return [
        _image_part(images[line.strip()])
        if line.strip() in images
        else {"type": "text", "text": line}
        for line in lines
    ]


def _image_part(image: Image) -> Message:
    mime = cast("str", getattr(image, "_mime_type"))  # noqa: B009  promptflow has no other name
    url = image.source_url or f"data:{mime};base64,{image.to_base64()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "auto"}}
