"""What a prompt node gives: text, and the roles in it that came from outside.

A user's text may hold a line such as `system:`. Where it is put into a prompt that is then split
at its roles, such words are replaced by tokens before, and put back into the messages after.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, Self, cast

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ROLES: Final = ("system", "user", "assistant", "function", "tool")

ROLE_LINE: Final = re.compile(
    rf"^\s*#?\s*({'|'.join(ROLES)})\s*:\s*\n", re.IGNORECASE | re.MULTILINE
)
"""A line that starts a message: `system:`, `# User:`."""


class PromptResult(str):
    """Rendered text; `escaped` is the same with tokens for roles, `roles` what they stand for."""

    __slots__ = ("escaped", "roles")

    escaped: str
    roles: dict[str, str]

    def __new__(cls, text: str, escaped: str = "", roles: dict[str, str] | None = None) -> Self:
        """Keep the parts; without roles nothing was escaped."""
        result = super().__new__(cls, text)
        result.escaped = escaped
        result.roles = roles or {}
        return result


def find_roles(inputs: Mapping[str, object], from_flow: Collection[str]) -> dict[str, str]:
    """Return the roles to escape in a node's inputs, by token.

    They stand in prompts of other nodes, and in the inputs that are the flow's own (`from_flow`).
    """
    found: dict[str, str] = {}
    for value in inputs.values():
        if isinstance(value, PromptResult):
            found.update(value.roles)
    own: dict[str, str] = {}
    for name in from_flow:
        if name in inputs:
            _collect(inputs[name], own)
    return {**found, **own}


def _collect(value: object, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for item in cast("dict[object, object]", value).values():
            _collect(item, found)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            _collect(item, found)
    elif isinstance(value, str) and "\n" in value:
        for role in ROLE_LINE.findall(value):
            if role not in found.values():
                # Who writes the text cannot know the token: it depends on the whole text.
                found[hashlib.sha256(f"{role}\0{value}".encode()).hexdigest()[:32]] = role


def escape_inputs(
    inputs: Mapping[str, object], from_flow: Collection[str], roles: Mapping[str, str]
) -> dict[str, object]:
    """Return the inputs with tokens in place of the roles."""
    return {
        name: value.escaped
        if isinstance(value, PromptResult) and value.roles
        else _escape(value, roles)
        if name in from_flow
        else value
        for name, value in inputs.items()
    }


def _escape(value: object, roles: Mapping[str, str]) -> object:
    if isinstance(value, str):
        for token, role in roles.items():
            value = value.replace(role, token)
        return value
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value).items()
        return {key: _escape(item, roles) for key, item in pairs}
    if isinstance(value, list):
        return [_escape(item, roles) for item in cast("list[object]", value)]
    return value


class _Lines(list[object]):
    """A list that a template shows line by line."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))


def shown_in_lines(value: object) -> object:
    """Return the value with lists that print their items joined by new lines, at every depth.

    >>> print(shown_in_lines(["one", ["two", 3]]))
    one
    two
    3
    """
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value).items()
        return {key: shown_in_lines(item) for key, item in pairs}
    if isinstance(value, list):
        return _Lines(shown_in_lines(item) for item in cast("list[object]", value))
    return value


def restore_roles(text: str, roles: Mapping[str, str]) -> str:
    """Return the text with the roles in place of their tokens.

    >>> restore_roles("0a: hello", {"0a": "system"})
    'system: hello'
    """
    for token, role in roles.items():
        text = text.replace(token, role)
    return text
