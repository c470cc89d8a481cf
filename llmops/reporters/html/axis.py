"""A scale with round ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale with round ticks."""

    low: float
    high: float
    step: float

    @classmethod
    def over(cls, values: Sequence[float], ticks: int = 5) -> Axis:
        """Return the axis that shows all values, with about so many ticks.

        >>> Axis.over([0.61, 0.79]).ticks
        [0.6, 0.65, 0.7, 0.75, 0.8]
        """
        low, high = min(values), max(values)
        span = (high - low) or abs(high) or 1.0
        raw = span / (ticks - 1)
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
        first = math.floor(low / step)
        last = max(math.ceil(high / step), first + 1)
        return cls(first * step, last * step, step)

    @property
    def ticks(self) -> list[float]:
        """Return the values to label."""
        count = round((self.high - self.low) / self.step)
        return [round(self.low + place * self.step, 12) for place in range(count + 1)]

    def place(self, value: float) -> float:
        """Return where a value stands, in percent of the axis."""
        return round(100 * (value - self.low) / (self.high - self.low or 1), 2)
