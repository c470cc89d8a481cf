"""What differs between two texts, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKENS: Final = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_TOKENS: Final = 4000
"""Of both texts together; the time grows with the product of their lengths."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `differs` from the other text, or is in both."""

    text: str
    differs: bool


def difference(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts in pieces; texts that are too long to compare are one piece each.

    >>> [piece.text for piece in difference("a late soup", "a cold soup")[1] if piece.differs]
    ['cold']
    """
    if left == right:
        return _whole(left), _whole(right)
    ours, theirs = _TOKENS.findall(left), _TOKENS.findall(right)
    if len(ours) + len(theirs) > _MOST_TOKENS:
        return _whole(left), _whole(right)
    lefts: list[Piece] = []
    rights: list[Piece] = []
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        _add(lefts, ours[start:end], differs=kind != "equal")
        _add(rights, theirs[other_start:other_end], differs=kind != "equal")
    return tuple(lefts), tuple(rights)


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text, differs=False),) if text else ()


def _add(pieces: list[Piece], tokens: Sequence[str], *, differs: bool) -> None:
    if tokens:
        pieces.append(Piece("".join(tokens), differs))
