"""promptflow's types of inputs as JSON Schema has them, and the check of a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from llmops.serving.json_body import children

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_REMOTE_IMAGE: Final = re.compile(r"data:image/.*;(path|url)$")
_IMAGE: Final = re.compile(r"data:image/.*;base64$")


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


def _is_image(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    pairs = cast("dict[str, object]", value)
    return len(pairs) == 1 and all(
        _IMAGE.match(key) and isinstance(each, str) for key, each in pairs.items()
    )


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
    "image": InputType(
        words='{"data:image/png;base64": "..."}',
        schema={
            "type": "object",
            "patternProperties": {_IMAGE.pattern: {"type": "string"}},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
        accepts=_is_image,
    ),
}


def input_type(name: str) -> InputType:
    """Return the type; those that are text to a client are text.

    >>> input_type("double").accepts(3), input_type("int").accepts(True)
    (True, False)
    """
    return _TYPES.get(name, _TEXT)


def names_a_file(value: object) -> bool:
    """Tell whether an image in the value is a path or an address: this machine would fetch it."""
    level = [value]
    while level:
        if any(_is_remote(each) for each in level):
            return True
        level = [item for each in level for item in children(each)]
    return False


def _is_remote(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    found = cast("dict[str, object]", value)
    if "image_file" in found or any(_REMOTE_IMAGE.match(key) for key in found):
        return True
    image = found.get("image_url")
    url = cast("dict[str, object]", image).get("url") if isinstance(image, dict) else ""
    return bool(url) and not str(url).startswith("data:")
