"""How the pages put values into words."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmops.domain.comparison import Interval

_MINUS: Final = "\N{MINUS SIGN}"


def number(value: float | None) -> str:
    """Return a metric's value; a dash for none.

    >>> [number(value) for value in (0.80912, 1234.5, None)]
    ['0.809', '1,234.5', '—']
    """
    if value is None:
        return "—"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3f}"


def signed(value: float | None) -> str:
    """Return a difference.

    >>> [signed(value) for value in (0.1, -0.1, None)]
    ['+0.100', '\N{MINUS SIGN}0.100', '—']
    """
    if value is None:
        return "—"
    return f"{'+' if value >= 0 else _MINUS}{number(abs(value))}"


def interval(value: Interval | None) -> str:
    """Return both ends; nothing for none."""
    return "" if value is None else f"{signed(value.low)} to {signed(value.high)}"


def value_range(value: Interval | None) -> str:
    """Return both ends of a value's interval; nothing for none."""
    return "" if value is None else f"{number(value.low)} to {number(value.high)}"


def probability(value: float | None) -> str:
    """Return a p-value.

    >>> [probability(value) for value in (0.00004, 0.0312, None)]
    ['< 0.001', '0.031', '—']
    """
    if value is None:
        return "—"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def size(count: int) -> str:
    """Return a file's size.

    >>> [size(count) for count in (12, 2048, 5_000_000)]
    ['12 B', '2 KB', '4.8 MB']
    """
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} KB" if count < 1024**2 else f"{count / 1024**2:.1f} MB"


def day(text: str) -> str:
    """Return a time as people write it; anything else as it is.

    >>> day("2026-01-02T03:04:05+00:00")
    '2 Jan 2026, 03:04 UTC'
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{time.day} {time:%b %Y, %H:%M} {time.tzname() or ''}".rstrip()


def text_of(value: object) -> str:
    """Return any value as people read it.

    >>> [text_of(value) for value in ("good", 1, None, [])]
    ['good', '1', 'null', '[]']
    """
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "number": number,
    "signed": signed,
    "interval": interval,
    "range": value_range,
    "probability": probability,
    "size": size,
    "day": day,
    "text": text_of,
}
