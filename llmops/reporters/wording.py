"""How reports write numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmops.domain.comparison import Interval, ScoreKind

MINUS = "\N{MINUS SIGN}"


def number(value: float | None) -> str:
    """Return a metric's value; a dash for none.

    >>> [number(value) for value in (0.80912, 1234.5, 12, None)]
    ['0.809', '1,234.5', '12.00', '—']
    """
    if value is None:
        return "—"
    digits = 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 3
    return f"{value:,.{digits}f}".replace("-", MINUS)


def score(value: float | None, kind: ScoreKind) -> str:
    """Return a mean score: a share where a line's score is yes or no.

    >>> score(0.8214, "binary"), score(40.25, "numeric"), score(None, "binary")
    ('82.1 %', '40.25', '—')
    """
    return f"{100 * value:.1f} %" if value is not None and kind == "binary" else number(value)


def change(value: float | None, kind: ScoreKind) -> str:
    """Return a difference with its sign: percentage points where a line's score is yes or no.

    >>> change(0.0714, "binary"), change(1.5, "numeric"), change(0.0, "numeric")
    ('+7.1', '+1.500', '0.000')
    """
    if value is None:
        return "—"
    text = f"{abs(100 * value):.1f}" if kind == "binary" else number(abs(value))
    return f"{'+' if value > 0 else MINUS if value < 0 else ''}{text}"


def between(interval: Interval | None, kind: ScoreKind) -> str:
    """Return an interval of differences; empty for none."""
    if interval is None:
        return ""
    return f"{change(interval.low, kind)} to {change(interval.high, kind)}"


def within(interval: Interval | None, kind: ScoreKind) -> str:
    """Return an interval of scores; empty for none."""
    if interval is None:
        return ""
    low = score(interval.low, kind).removesuffix(" %")
    return f"{low} to {score(interval.high, kind)}"


def p_value(p: float | None) -> str:
    """Return a p-value; a dash for none.

    >>> [p_value(p) for p in (0.00004, 0.0472, 1.0, None)]
    ['< 0.001', '0.047', '1', '—']
    """
    if p is None:
        return "—"
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def money(value: float | None) -> str:
    """Return an amount with two decimals, or two digits that say something.

    >>> [money(value) for value in (12.3456, 0.000123, 0.0, None)]
    ['12.35', '0.00012', '0', '—']
    """
    if value is None:
        return "—"
    if value == 0:
        return "0"
    return f"{value:,.2f}" if value >= 1 else f"{value:.{2 - _exponent(value)}f}"


def seconds(value: float | None) -> str:
    """Return a latency.

    >>> [seconds(value) for value in (0.0042, 0.25, 61.234, None)]
    ['4 ms', '250 ms', '61.2 s', '—']
    """
    if value is None:
        return "—"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def percent(share: float) -> str:
    """Return a share.

    >>> percent(0.254)
    '25 %'
    """
    return f"{share * 100:.0f} %"


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2]) + 1
