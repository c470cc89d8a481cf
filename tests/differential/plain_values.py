"""Whatever a tool may return, as JSON that keeps what must be equal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from enum import Enum
from typing import cast


def plain(value: object) -> object:
    """Return a JSON value; what JSON cannot say is named by its type and content."""
    match value:
        case Enum():
            shown: object = {"<enum>": type(value).__name__, "value": value.value}
        case None | bool() | int() | float():
            shown = value
        case str():
            shown = str(value)
        case bytes():  # an image names itself by its digest
            shown = repr(value)
        case Mapping():
            items = cast("Mapping[object, object]", value).items()
            shown = {str(name): plain(each) for name, each in items}
        case Sequence() | set():
            shown = [plain(each) for each in cast("Sequence[object]", value)]
        case Iterator() | AsyncIterator():
            shown = "<stream>"
        case _:  # promptflow records it so
            shown = repr(value)
    return shown
