"""The order in which a race asks: the same whenever it is laid out, whatever the file's order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from llmops.domain.analysis import text_of
from llmops.store.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llmops.domain.analysis import Analysis

Unit = tuple[int, ...]
"""Lines that are not independent of each other, by number; mostly one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """A dataset's lines by number: those to race over, then those kept apart (none is common)."""

    raced: tuple[tuple[Unit, ...], ...]
    kept: tuple[int, ...]

    @property
    def lines(self) -> int:
        """Return how many lines there are."""
        return len(self.kept) + sum(len(unit) for batch in self.raced for unit in batch)

    @property
    def largest(self) -> int:
        """Return the number of lines in the largest unit."""
        return max(len(unit) for batch in self.raced for unit in batch)


def lay_out(rows: Iterable[Mapping[str, object]], analysis: Analysis, batch: int) -> Batches:
    """Return the lines in shuffled batches of at least `batch`; units are never torn apart.

    Lines that are held out come last, so that what stops a variant never looks at them.
    """
    groups: dict[str, list[int]] = {}
    kept: list[int] = []
    for line, row in enumerate(rows):
        text = encode(row)
        data = cast("Mapping[str, object]", json.loads(text))
        if analysis.holdout and analysis.holdout.holds(data):
            kept.append(line)
            continue
        # A file may be sorted: the digest shuffles, the number tells equal lines apart.
        group = text_of(data.get(analysis.group))
        name = f"line {line}\n{text}" if group is None else f"group {group}"
        groups.setdefault(hashlib.sha256(name.encode()).hexdigest(), []).append(line)
    units = [tuple(groups[digest]) for digest in sorted(groups)]
    return Batches(raced=tuple(_cut(units, batch)), kept=tuple(kept))


def _cut(units: Sequence[Unit], batch: int) -> Iterable[tuple[Unit, ...]]:
    current: list[Unit] = []
    for unit in units:
        current.append(unit)
        if sum(map(len, current)) >= batch:
            yield tuple(current)
            current = []
    if current:
        yield tuple(current)
