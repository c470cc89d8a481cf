"""Adds up what lines took, in one pass and in flat memory."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.domain.call import Usage
from llmops.domain.report import Columns, Figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llmops.domain.run import LineRecord, LineResult


@dataclass(slots=True)
class Tally:
    """What the lines of a trial took, added up."""

    usage: Usage = field(default_factory=Usage)
    errors: int = 0
    calls: int = 0
    paid_calls: int = 0
    cost: float | None = None
    seconds: array[float] = field(default_factory=lambda: array("d"))
    causes: Counter[str] = field(default_factory=Counter[str])

    def add(self, result: LineResult) -> None:
        if result.error:
            self.errors += 1
            node, kind = result.error.node, result.error.kind
            self.causes[f"{node}: {kind}" if node else kind] += 1
        else:
            self.seconds.append(result.seconds)
        self._spend(result)

    def merge(self, other: Tally) -> None:
        self.errors += other.errors
        self.seconds.extend(other.seconds)
        self.causes.update(other.causes)
        self._spend(other)

    def figures(self, lines: int) -> Figures:
        """Return the sums; planned lines without a result are missing."""
        ordered = sorted(self.seconds)
        by_count = sorted(self.causes.items(), key=lambda item: (-item[1], item[0]))
        return Figures(
            n=len(ordered),
            errors=self.errors,
            missing=lines - len(ordered) - self.errors,
            usage=self.usage,
            calls=self.calls,
            paid_calls=self.paid_calls,
            cost=self.cost,
            p50=_percentile(ordered, 0.5),
            p95=_percentile(ordered, 0.95),
            causes=dict(by_count),
        )

    def _spend(self, what: LineResult | Tally) -> None:
        self.usage += what.usage
        self.calls += what.calls
        self.paid_calls += what.paid_calls
        if what.cost is not None:
            self.cost = (self.cost or 0.0) + what.cost


def add_lines(lines: Iterable[LineRecord], tallies: Mapping[str, Tally]) -> Columns:
    """Add every result to its trial; return the names met on the way."""
    data: dict[str, None] = {}
    outputs: dict[str, None] = {}
    evaluations: dict[tuple[str, str], None] = {}
    for record in lines:
        data.update(dict.fromkeys(record.data))
        for trial, result in record.results.items():
            if trial in tallies:
                tallies[trial].add(result)
            outputs.update(dict.fromkeys(result.outputs))
            for evaluator, evaluation in result.evaluations.items():
                evaluations.update(dict.fromkeys((evaluator, name) for name in evaluation.outputs))
    return Columns(data=tuple(data), outputs=tuple(outputs), evaluations=tuple(sorted(evaluations)))


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value below which this share of ascending values lies, interpolated.

    >>> _percentile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.5
    """
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
