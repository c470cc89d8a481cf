"""Reading JSON that somebody else wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping


def parsed(payload: bytes) -> object:
    """Return the value; None where it is no JSON."""
    try:
        return cast("object", json.loads(payload))
    except ValueError:
        return None


def mapping(value: object) -> Mapping[str, object]:
    """Return the value if it is an object; else an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def count(value: object) -> int:
    """Return the value if it is a number; else 0."""
    return int(value) if isinstance(value, int | float) else 0
