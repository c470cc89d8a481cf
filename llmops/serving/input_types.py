"""promptflow's types of inputs as JSON Schema has them, and the check of a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops.serving.input_images import SCHEMA, is_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class InputType:
    """`words` say what is allowed."""

    words: str
    schema: Mapping[str, object]
    accepts: Callable[[object], bool]


def _is_whole(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return float(value) == float(value)
    except OverflowError:
        return False


_TEXT: Final = InputType(
    words="text", schema={"type": "string"}, accepts=lambda value: isinstance(value, str)
)
_TYPES: Final[Mapping[str, InputType]] = {
    "int": InputType(words="a whole number", schema={"type": "integer"}, accepts=_is_whole),
    "double": InputType(words="a number", schema={"type": "number"}, accepts=_is_number),
    "bool": InputType(
        words="true or false",
        schema={"type": "boolean"},
        accepts=lambda value: isinstance(value, bool),
    ),
    "list": InputType(
        words="a list",
        schema={"type": "array", "items": {}},
        accepts=lambda value: isinstance(value, list),
    ),
    "object": InputType(words="any JSON", schema={}, accepts=lambda _: True),
    "image": InputType(words='{"data:image/png;base64": "..."}', schema=SCHEMA, accepts=is_image),
}


def input_type(name: str) -> InputType:
    """Return the type; those that are text to a client are text.

    >>> input_type("double").accepts(3), input_type("int").accepts(True)
    (True, False)
    """
    return _TYPES.get(name, _TEXT)
