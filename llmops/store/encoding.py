"""Any value a flow can give, as one line of JSON."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, cast

_DEEPEST: Final = 100


def encode(value: object) -> str:
    """Return compact JSON of anything; NaN and infinities become null. Never raises.

    >>> encode({"at": date(2026, 1, 2), "p": float("nan"), "tags": {"a"}, 1: b"x"})
    '{"at":"2026-01-02","p":null,"tags":["a"],"1":{"data:application/octet-stream;base64":"eA=="}}'
    """
    try:
        return _FAST.encode(value)
    except (ValueError, TypeError, RecursionError):  # NaN, a cycle, or keys that JSON doesn't have
        return _FAST.encode(_plain(value, 0))


def _substitute(value: Any) -> object:
    """Return what stands for a value that JSON has no form for."""
    for types, form in _FORMS:
        if isinstance(value, types):
            return form(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return _by_method(value)


def _data(value: bytes | bytearray) -> object:
    """Return the form in which flows write images: `{"data:<mime type>;base64": "..."}`."""
    mime = getattr(value, "_mime_type", "application/octet-stream")
    return {f"data:{mime};base64": base64.b64encode(value).decode()}


def _by_method(value: object) -> object:
    """Ask numpy's and pandas' values (`tolist`), data frames and pydantic's models for theirs."""
    for method in ("tolist", "model_dump", "to_dict"):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            try:
                return convert()
            except Exception:  # noqa: BLE001, S112  a stranger's method; the text form is left
                continue
    return _text(value)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  a stranger's __str__
        return f"<{type(value).__name__}>"


def _plain(value: object, depth: int) -> object:
    """Return the value as JSON's own types; what is nested too deeply becomes text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case _ if depth > _DEEPEST:
            return f"<{type(value).__name__}>"
        case dict():
            pairs = cast("dict[object, object]", value).items()
            return {_text(key): _plain(item, depth + 1) for key, item in pairs}
        case list() | tuple():
            return [_plain(item, depth + 1) for item in cast("Sequence[object]", value)]
        case _:
            return _plain(_substitute(value), depth + 1)


_FORMS: Final[Sequence[tuple[tuple[type, ...], Callable[[Any], object]]]] = (
    ((bytes, bytearray), _data),
    ((date, time), lambda value: value.isoformat()),
    ((timedelta,), lambda value: value.total_seconds()),
    ((Decimal,), float),
    ((Enum,), lambda value: value.value),
    ((Mapping,), dict),
    ((AbstractSet,), lambda value: sorted(value, key=_text)),
    ((Sequence, deque), list),
)

_FAST: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_substitute
)
