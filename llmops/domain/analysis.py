"""The analysis plan: what a run is to be judged by, stated before its first call."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Direction = Literal["maximize", "minimize"]
Preference = Literal["cost", "latency"]
OPERATIONAL = ("cost_per_line", "error_rate", "missing_rate", "p95_seconds")
"""Names that stand for what lines took; usable in gates beside the evaluators' metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The metric that decides; `margin` is the largest difference that does not matter.

    `margin` is in the metric's own unit, above 0; None: no two configurations are ever equivalent.
    """

    metric: str
    direction: Direction = "maximize"
    margin: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """A metric that must not get worse than the baseline's by `margin` (its own unit, >= 0).

    With a margin above 0, non-inferiority has to be shown; with 0, the metric must not be
    significantly worse.
    """

    metric: str
    direction: Direction = "maximize"
    margin: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a configuration may take at most to be chosen; None: no limit."""

    cost_per_line: float | None = None
    p95_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition of release; exactly one of `at_least`, `at_most` and `max_drop` is set.

    `metric` is a metric or one of OPERATIONAL. `dataset` empty: each dataset must meet it.
    `max_drop` is how much worse than `against` the value may be, in the metric's unit.
    `direction` tells what worse means for `max_drop`. `slice` is a data column: every one of its
    values with at least `min_lines` lines must meet the gate (the worst one is named).
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    max_drop: float | None = None
    against: Literal["baseline", "deployed"] = "baseline"
    direction: Direction = "maximize"
    dataset: str = ""
    slice: str = ""
    min_lines: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Lines kept apart: variants are chosen on the others and confirmed on these.

    Either lines whose `column` has one of `values`, or a `share` (0 to 1) of the lines, drawn by
    the digest of the line's data, so that the same line is always on the same side.
    """

    column: str = ""
    values: tuple[str, ...] = ()
    share: float | None = None

    def holds(self, data: Mapping[str, object]) -> bool:
        """Return whether the line with this data, as JSON has it, is kept apart."""
        if self.share is None:
            return text_of(data.get(self.column)) in self.values
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)
        drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return drawn < self.share * 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Where the right answer and the given one stand: a data column and an output of the flow."""

    expected: str
    predicted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Racing:
    """Lines run in batches; a variant shown hopeless stops.

    `batch` lines between two looks. `low` and `high` bound the objective's value on one line.
    """

    batch: int = 20
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything that decides, fixed before the run.

    `metrics` is the family's metrics beside objective and guardrails; all of them are tested
    against the baseline and corrected together. `group` is a data column: lines with equal values
    are not independent. `slices` are data columns. `confidence` is in (0, 1); alpha = 1 - it.
    """

    objective: Objective | None = None
    guardrails: tuple[Guardrail, ...] = ()
    metrics: tuple[str, ...] = ()
    limits: Limits = Limits()
    gates: tuple[Gate, ...] = ()
    prefer: Preference = "cost"
    confidence: float = 0.95
    group: str = ""
    slices: tuple[str, ...] = ()
    holdout: Split | None = None
    labels: Labels | None = None
    racing: Racing | None = None

    @property
    def alpha(self) -> float:
        """Return the family-wise error rate."""
        return 1 - self.confidence


def improvement_of(difference: float | None, direction: Direction) -> float | None:
    """Return the difference with the sign turned so that above 0 is better; None for none."""
    if difference is None or direction == "maximize":
        return difference
    return -difference


def text_of(value: object) -> str | None:
    """Return a data value as people write it, None for a missing one.

    >>> [text_of(value) for value in ("east", 3, True, None)]
    ['east', '3', 'true', None]
    """
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
