"""Numbers as the sentences of a decision say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import ScoreKind


def amount(value: float, kind: ScoreKind) -> str:
    """Return a difference without its sign: a share in points, else in the metric's own unit.

    >>> amount(-0.0821, "binary"), amount(0.01, "binary"), amount(12.3456, "numeric")
    ('8.2 points', '1 point', '12.3')
    """
    if kind == "numeric":
        return f"{abs(value):.3g}"
    points = f"{abs(100 * value):.1f}".removesuffix(".0")
    return f"{points} point" if points == "1" else f"{points} points"


def better_by(improvement: float, kind: ScoreKind) -> str:
    """Return a difference with its meaning.

    >>> better_by(0.082, "binary"), better_by(-2.5, "numeric"), better_by(0, "numeric")
    ('8.2 points better', '2.5 worse', 'no different')
    """
    if not improvement:
        return "no different"
    return f"{amount(improvement, kind)} {'better' if improvement > 0 else 'worse'}"


def p_value(p: float) -> str:
    """Return a p-value as people read it.

    >>> p_value(0.00004), p_value(0.0472), p_value(0.3), p_value(1)
    ('p < 0.001', 'p = 0.047', 'p = 0.3', 'p = 1')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def listed(words: Sequence[str]) -> str:
    """Return the words as a sentence lists them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def lines(count: int) -> str:
    """Return a number of lines.

    >>> lines(1), lines(1200)
    ('1 line', '1,200 lines')
    """
    return "1 line" if count == 1 else f"{count:,} lines"
