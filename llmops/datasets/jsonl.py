"""JSON Lines: one JSON object per line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn, cast

from llmops.domain.dataset import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ALLOWED = "allowed: one JSON object per line"


def read(path: Path) -> Iterator[Mapping[str, object] | Unreadable]:
    """Yield the objects; blank lines are skipped."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            text = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if text.strip():
                yield _line(text, number)


def _line(text: bytes, number: int) -> Mapping[str, object] | Unreadable:
    try:
        value = cast("object", json.loads(text.decode(), parse_constant=_refuse))
    except UnicodeDecodeError as error:
        seen = f"not UTF-8 (byte {error.start + 1})"
        return Unreadable(number=number, seen=seen, allowed="allowed: UTF-8")
    except json.JSONDecodeError as error:
        seen = f"not valid JSON: {error.msg} (character {error.pos + 1})"
        return Unreadable(number=number, seen=seen, allowed=_ALLOWED)
    except (ValueError, RecursionError) as error:
        return Unreadable(number=number, seen=f"not valid JSON: {error}", allowed=_ALLOWED)
    if not isinstance(value, dict):
        seen = "not an object but a list" if isinstance(value, list) else "not an object"
        return Unreadable(number=number, seen=seen, allowed=_ALLOWED)
    return cast("dict[str, object]", value)


def _refuse(constant: str) -> NoReturn:
    # NaN would pass through Python and break every other reader of what a run leaves.
    raise ValueError(f"{constant} is not JSON")
