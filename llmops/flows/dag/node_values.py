"""Values between nodes: streams that were read to their end, and copies that tools may change."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_IMMUTABLE: Final = (str, int, float, bool, bytes, type(None))


@dataclass(frozen=True, slots=True)
class Drained:
    """The items of a generator that a tool returned; each who asks gets them from the start."""

    items: tuple[object, ...]
    asynchronous: bool = False

    @property
    def text(self) -> str:
        """Return the items joined, as a flow's output is."""
        return "".join(str(item) for item in self.items)

    def replay(self) -> Iterator[object] | AsyncIterator[object]:
        """Return an iterator of the kind that the tool returned."""
        return _asynchronous(self.items) if self.asynchronous else iter(self.items)


async def _asynchronous(items: tuple[object, ...]) -> AsyncIterator[object]:
    for item in items:
        yield item


async def drain(value: AsyncIterator[object]) -> Drained:
    """Return what the stream gives."""
    return Drained(tuple([item async for item in value]), asynchronous=True)


def fresh(value: object) -> object:
    """Return a copy that a tool may change without anyone noticing.

    >>> marks = {"total": [1]}
    >>> fresh(marks) == marks, fresh(marks) is marks
    (True, False)
    """
    if isinstance(value, _IMMUTABLE):
        return value
    if type(value) is list:
        return [fresh(item) for item in cast("list[object]", value)]
    if type(value) is dict:
        return {key: fresh(item) for key, item in cast("dict[object, object]", value).items()}
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001  a stranger's object: a lock, a client; it is handed on as is
        return value


def is_json(value: object) -> bool:
    """Return whether the value comes back from JSON exactly as it is.

    >>> is_json({"a": [1, None]}), is_json({1: "a"}), is_json((1,)), is_json(float("nan"))
    (True, False, False, False)
    """
    kind = type(value)
    if kind is list:
        return all(map(is_json, cast("list[object]", value)))
    if kind is dict:
        pairs = cast("dict[object, object]", value).items()
        return all(type(key) is str and is_json(item) for key, item in pairs)
    if kind is float:
        return math.isfinite(cast("float", value))
    return kind in (str, int, bool, type(None))


_MARK: Final = "\0unrecordable"


class Unrecordable:
    """A paid answer that JSON cannot hold: a mark of it is on disk, and it is asked again."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        """Keep the value for this process."""
        self.value = value

    def to_dict(self) -> dict[str, bool]:
        """Return what a record shows instead of the value."""
        return {_MARK: True}


def is_mark(output: object) -> bool:
    """Return whether this came back from disk in place of a value."""
    return isinstance(output, dict) and _MARK in output
