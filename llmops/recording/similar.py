"""Which of many recorded texts is nearest to a new one, and where the two differ."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_VOTES: Final = 20_000
"""Words that nearly every text has decide nothing; counting them would take the most time."""
_CONTEXT: Final = 12
_LONGEST: Final = 60


class Similar:
    """An index of texts by their words; a word counts the more, the fewer texts have it."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Index the texts."""
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        for position, text in enumerate(texts):
            for word in _words(text):
                self._holders[word].append(position)

    def nearest(self, text: str) -> list[int]:
        """Return the positions of the nearest texts, several where they are equally near."""
        holders = [self._holders[word] for word in sorted(_words(text)) if word in self._holders]
        scores: defaultdict[int, float] = defaultdict(float)
        counted = 0
        for positions in sorted(holders, key=len):
            counted += len(positions)
            if counted > _MOST_VOTES and scores:
                break
            for position in positions:
                scores[position] += 1 / len(positions)
        best = max(scores.values(), default=0.0)
        return [position for position, score in scores.items() if score == best]


def change(asked: str, known: str) -> tuple[str, str]:
    """Return the part in which each differs from the other, with a little of what is around it.

    >>> change("Classify, briefly: a cold soup", "Classify, at length: a cold soup")
    ("'Classify, briefly: a cold sou...'", "'Classify, at length: a cold sou...'")
    """
    start = _equal(asked, known)
    end = _equal(asked[start:][::-1], known[start:][::-1])
    begin = asked.rfind(" ", 0, max(0, start - _CONTEXT)) + 1
    if start - begin > 2 * _CONTEXT:  # not among words
        begin = start - _CONTEXT
    return _cut(asked, begin, len(asked) - end), _cut(known, begin, len(known) - end)


def _equal(text: str, other: str) -> int:
    """Return how many characters both begin with."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(text), len(other)))


def _cut(text: str, begin: int, end: int) -> str:
    end = min(end + _CONTEXT, begin + _LONGEST, len(text))
    before, after = "..." if begin else "", "..." if end < len(text) else ""
    return repr(f"{before}{text[begin:end]}{after}")


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
