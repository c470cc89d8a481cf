"""Keys under which trials share an answer: the node's identity and its resolved inputs."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import date, time
from typing import TYPE_CHECKING, Final, cast

from llmops.flows.dag.node_values import Drained
from llmops.flows.dag.prompt_result import PromptResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_AS_THEY_ARE: Final = frozenset({str, int, float, bool, type(None)})

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Unkeyable(TypeError):  # noqa: N818
    """A value that no key can stand for."""


def identity(*parts: object) -> str:
    """Return the sha256 of what makes a node the node it is."""
    return hashlib.sha256(_dumps([_form(part) for part in parts]).encode()).hexdigest()


def key_of(node_identity: str, inputs: Mapping[str, object]) -> str:
    """Return the key; one that nobody shares when an input is an object without a known form."""
    try:
        content = _dumps({name: _form(value) for name, value in inputs.items()})
    except (Unkeyable, RecursionError):
        return f"{node_identity}:{uuid.uuid4().hex}"
    return hashlib.sha256((node_identity + content).encode("utf-8", "surrogatepass")).hexdigest()


def _form(value: object) -> object:
    """Return the value as JSON's own types; forms of different values differ."""
    if type(value) in _AS_THEY_ARE:
        return value
    if type(value) is list:
        return [_form(item) for item in cast("list[object]", value)]
    if type(value) is dict:
        pairs = cast("dict[object, object]", value).items()
        if all(type(key) is str for key, _ in pairs):
            return {key: _form(item) for key, item in pairs}
        return _tagged("dict", [[_form(key), _form(item)] for key, item in pairs])
    return _tagged(type(value).__name__, _content(value))


def _content(value: object) -> object:
    """Return what tells a value from others of its type."""
    match value:
        case tuple():
            return [_form(item) for item in cast("Sequence[object]", value)]
        case PromptResult():
            return [str(value), value.escaped, value.roles]
        case bytes():
            about = [str(getattr(value, name, "")) for name in ("_mime_type", "source_url")]
            return [hashlib.sha256(value).hexdigest(), *about]
        case date() | time():
            return value.isoformat()
        case Drained():
            return [_form(item) for item in value.items]
        case _:
            raise Unkeyable(type(value).__name__)


def _tagged(tag: str, content: object) -> object:
    return {"\0": tag, "": content}


def request_key(node_identity: str, deployment: str, body: Mapping[str, object]) -> str:
    """Return the key of a model request.

    Raises:
        TypeError: when the body is no JSON.
    """
    content = node_identity + _dumps([deployment, body])
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
