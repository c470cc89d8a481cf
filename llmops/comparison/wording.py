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
    size = bare_amount(value, kind)
    if kind == "numeric":
        return size
    return f"{size} point" if size == "1" else f"{size} points"


def bare_amount(value: float, kind: ScoreKind) -> str:
    """Return the number of an amount.

    >>> bare_amount(-0.0821, "binary")
    '8.2'
    """
    return (
        f"{abs(value):.3g}" if kind == "numeric" else f"{abs(100 * value):.1f}".removesuffix(".0")
    )


def better_by(improvement: float, kind: ScoreKind, than: str = "") -> str:
    """Return a difference with its meaning.

    >>> better_by(0.082, "binary"), better_by(-2.5, "numeric"), better_by(0, "numeric")
    ('8.2 points better', '2.5 worse', 'no different')
    >>> better_by(0.082, "binary", than="the baseline"), better_by(0, "numeric", than="A")
    ('8.2 points better than the baseline', 'no different from A')
    """
    if not improvement:
        return f"no different from {than}" if than else "no different"
    sense = "better" if improvement > 0 else "worse"
    return f"{amount(improvement, kind)} {sense}{than and f' than {than}'}"


def p_value(p: float) -> str:
    """Return a p-value as people read it.

    >>> p_value(0.00004), p_value(0.0472), p_value(0.3), p_value(1)
    ('p < 0.001', 'p = 0.047', 'p = 0.3', 'p = 1')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def listed(words: Sequence[str]) -> str:
    """Return the words as a sentence lists them; empty for none.

    >>> listed([]), listed(["a"]), listed(["a", "b", "c"])
    ('', 'a', 'a, b and c')
    """
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last


def counted(count: int, one: str, several: str = "") -> str:
    """Return a count with its noun.

    >>> counted(1, "line"), counted(1200, "line"), counted(0, "is", "are")
    ('1 line', '1,200 lines', '0 are')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"
