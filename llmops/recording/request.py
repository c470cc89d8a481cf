"""A request as recordings know it: JSON without secrets, and the digest that finds its answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.call import ModelRequest
    from llmops.redaction import Redactor

_NEVER_MATTER: Final = frozenset({"stream", "stream_options"})
"""No client streams, whatever the node says."""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """`text` is JSON with its keys in order; `masked` tells that a secret was replaced in it."""

    text: str
    masked: bool = False

    @property
    def digest(self) -> str:
        """Return the sha256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def fields(self) -> dict[str, object]:
        """Return connection, api, deployment and body."""
        return cast("dict[str, object]", json.loads(self.text))


def recorded(connection: str, request: ModelRequest, redact: Redactor) -> RecordedRequest:
    """Return the request as it stands in a recording: who is asked what, but not by whom."""
    body = {name: value for name, value in request.body.items() if name not in _NEVER_MATTER}
    text = json_text(
        {
            "connection": connection,
            "api": request.api,
            "deployment": request.deployment,
            "body": body,
        }
    )
    redacted = redact(text)
    return RecordedRequest(redacted, masked=redacted is not text)


def json_text(fields: Mapping[str, object]) -> str:
    """Return the one spelling of a JSON object; half a character becomes a question mark."""
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def question_of(body: Mapping[str, object]) -> str:
    """Return the text of the last user message, or the prompt.

    >>> question_of({"messages": [{"role": "user", "content": "1 + 1?"}]})
    '1 + 1?'
    """
    asked = [text for role, text in _messages(body) if role == "user"]
    return asked[-1] if asked else ""


def prompt_of(body: Mapping[str, object]) -> str:
    """Return all that the model reads, message by message.

    >>> prompt_of({"prompt": "Good or bad:"})
    'Good or bad:'
    """
    return "\n".join(text for _, text in _messages(body))


def _messages(body: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return role and text of each message; a prompt is one of the user."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return [("user", _text(body.get("prompt")))]
    found = cast("list[Mapping[str, object]]", messages)
    return [(str(each.get("role")), _text(each.get("content"))) for each in found]


def _text(content: object) -> str:
    """Return the text of a message, images and the like as JSON."""
    if isinstance(content, list):
        parts = cast("list[object]", content)
        return "".join(_text(_part(part)) for part in parts)
    if content is None or isinstance(content, str):
        return content or ""
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def _part(part: object) -> object:
    return (
        cast("dict[str, object]", part).get("text", cast("object", part))
        if isinstance(part, dict)
        else part
    )
