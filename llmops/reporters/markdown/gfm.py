"""GitHub's Markdown: text that stays text, and tables that stay within their room."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKUP: Final = re.compile(r"[\\`*_~\[\]|#!$]")
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_INVISIBLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]+")


def text(value: str, *, longest: int = 200) -> str:
    r"""Return the value as one line in which nothing is markup, cut after `longest` characters.

    >>> text("a|b <i>\n*c*"), text("abcdef", longest=4)
    ('a\\|b &lt;i&gt; \\*c\\*', 'abc…')
    """
    line = _INVISIBLE.sub(" ", value).strip()
    line = line if len(line) <= longest else f"{line[: longest - 1]}…"
    return _MARKUP.sub(r"\\\g<0>", line.translate(_ENTITIES))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, room: int) -> str:
    """Return a table of texts; rows that would take it beyond `room` bytes are only counted."""
    lines = [_row(header), "|".join(["", *("---" for _ in header), ""])]
    left = room - sum(map(_size, lines))
    hidden = 0
    for row in rows:
        line = _row([text(cell) for cell in row])
        left -= _size(line)
        if left < 0:
            hidden += 1
        else:
            lines.append(line)
    if hidden:
        lines += ["", f"{hidden:,} more in report.html."]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _size(line: str) -> int:
    return len(line.encode()) + 1
