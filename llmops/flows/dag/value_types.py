"""promptflow's value types, and what they make of a value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, SupportsFloat, SupportsInt, cast

if TYPE_CHECKING:
    from collections.abc import Callable


def _to_int(value: object) -> object:
    return int(cast("SupportsInt | str", value))


def _to_double(value: object) -> object:
    return float(cast("SupportsFloat | str", value))


def _to_bool(value: object) -> object:
    if isinstance(value, bool):
        return value
    text = value.lower() if isinstance(value, str) else ""
    if text not in {"true", "false"}:
        raise ValueError(f"{value!r} is no bool")
    return text == "true"


def _to_list(value: object) -> object:
    found = cast("object", json.loads(value)) if isinstance(value, str) else value
    if not isinstance(found, list):
        raise ValueError(f"{value!r} is no list")  # noqa: TRY004  one kind for every conversion
    return cast("object", found)


def _to_object(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return cast("object", json.loads(value))
    except ValueError:
        return value


def _as_is(value: object) -> object:
    return value


CONVERTERS: Final[dict[str, Callable[[object], object]]] = {
    "string": str,
    "int": _to_int,
    "double": _to_double,
    "bool": _to_bool,
    "list": _to_list,
    "object": _to_object,
    "secret": _as_is,
    "prompt_template": _as_is,
    "file_path": _as_is,
    "image": _as_is,
    "assistant_definition": _as_is,
}


def convert(value: object, type_name: str) -> object:
    """Return the value as this type; text is read as JSON for a list or an object.

    >>> convert("[1, 2]", "list"), convert("3", "int"), convert("not JSON", "object")
    ([1, 2], 3, 'not JSON')

    Raises:
        ValueError, TypeError: when it is no such value.
    """
    return CONVERTERS[type_name](value)
