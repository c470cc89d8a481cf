"""Reads the JSON that a stranger sent; whatever it is, it is refused in words or it is safe."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final, cast

from llmops.errors import Fault
from llmops.serving.refusal import Refused, invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST: Final = 64
"""The deepest nesting that is read."""

TOO_DEEP: Final = "nested too deeply"
_ALLOWED: Final = "a JSON object"


def read_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in the body.

    Raises:
        Refused: when there is none, or one that could not be passed on.
    """
    try:
        text = body.decode()
        value = cast("object", json.loads(text, parse_float=_finite, parse_constant=_no_constant))
        if "\\u" in text:
            _ = json.dumps(value, ensure_ascii=False).encode()  # half of a pair is no text
    except UnicodeEncodeError:
        raise _refused("it has half of a surrogate pair", "text in Unicode") from None
    except UnicodeDecodeError as error:
        raise _refused(f"no UTF-8 at byte {error.start}", "UTF-8") from None
    except RecursionError:
        raise _refused(TOO_DEEP, f"{DEEPEST} levels") from None
    except ValueError as error:
        raise _refused(f"no JSON that can be read: {error}", _ALLOWED) from None
    if not isinstance(value, dict):
        raise _refused(f"{kind_of(value)}", _ALLOWED)
    found = cast("dict[str, object]", value)
    if is_deep(found):
        raise _refused(TOO_DEEP, f"{DEEPEST} levels")
    return found


def kind_of(value: object) -> str:
    """Return what a JSON value is, in words.

    >>> kind_of([]), kind_of(True), kind_of(None)
    ('a list', 'true or false', 'null')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def is_deep(value: object) -> bool:
    """Tell whether a JSON value is nested more deeply than is read."""
    return any(number > DEEPEST for number, _ in enumerate(levels(value), 1))


def levels(value: object) -> Iterator[list[object]]:
    """Yield the value, the values in it, the values in those, and so on."""
    level = [value]
    while level:
        yield level
        level = [item for each in level for item in _children(each)]


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())
    return cast("list[object]", value) if isinstance(value, list) else []


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _refused(seen: str, allowed: str) -> Refused:
    return invalid([Fault(where="body", seen=seen, allowed=f"allowed: {allowed}")])
