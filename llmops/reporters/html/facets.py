"""Columns with few different values, which the page can filter by without unpacking lines."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_VALUES: Final = 40
_LONGEST: Final = 80


class Facet:
    """One column: its values, and for every row a code per configuration; 0 stands for none.

    A column that turns out to have many or long values is free text, and is dropped.
    """

    def __init__(self, name: str, configurations: int) -> None:
        """Start without rows."""
        self._name = name
        self._codes: dict[str, int] | None = {}
        self._rows = [array("B") for _ in range(configurations)]

    def add(self, texts: Sequence[str | None]) -> None:
        """Add a row: a text per configuration."""
        if self._codes is None:
            return
        for row, text in zip(self._rows, texts, strict=True):
            row.append(0 if text is None else self._codes.setdefault(text, len(self._codes) + 1))
        if len(self._codes) > _MOST_VALUES or any(text and len(text) > _LONGEST for text in texts):
            self._codes = None
            self._rows = []

    def packed(self) -> dict[str, object]:
        """Return the name alone where the column was dropped."""
        if self._codes is None:
            return {"name": self._name}
        codes = [row.tolist() for row in self._rows]
        return {"name": self._name, "values": list(self._codes), "codes": codes}


def text_of(value: object) -> str | None:
    """Return a value as people read it; None for what is not there.

    >>> [text_of(value) for value in ("yes", 0.5, True, None)]
    ['yes', '0.5', 'true', None]
    """
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
