"""Exact shares: of any 100 requests in a row, each deployment gets its percentage."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class SmoothRoundRobin:
    """Takes turns by weight, as evenly spread as whole requests allow.

    Each turn every candidate earns its weight and the richest is taken and pays what all earned
    (the way of nginx). While the candidates are the same, 90/10 is exactly 9 of any 10 in a row.

    >>> turns = SmoothRoundRobin({"a": 3, "b": 1})
    >>> [turns.choose(("a", "b")) for _ in range(8)]
    ['a', 'a', 'b', 'a', 'a', 'a', 'b', 'a']
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        """Start with nobody ahead."""
        self._weights = weights
        self._earned = dict.fromkeys(weights, 0)

    def choose(self, candidates: Sequence[str]) -> str:
        """Return whose turn it is; a candidate has a weight, and there is at least one."""
        earned = self._earned
        total = 0
        for name in candidates:
            earned[name] += self._weights[name]
            total += self._weights[name]
        richest = max(candidates, key=earned.__getitem__)
        earned[richest] -= total
        return richest
