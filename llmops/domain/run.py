"""What is planned, and what a run leaves: plain data that can cross a process or a disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.call import Answer, Usage
    from llmops.domain.configuration import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Planned work: one configuration on one dataset, once (`repeat` counts from 0)."""

    configuration: Configuration
    dataset: str
    repeat: int = 0

    @property
    def id(self) -> str:
        """Return eight hex digits, the same on every machine."""
        text = f"{self.configuration.id}\n{self.dataset}\n{self.repeat}"
        return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineError:
    """Why a line has no output: missing data, never a wrong answer."""

    node: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One evaluator's word on one line of one trial; `error` set means that it has none.

    `answers` are the single outputs of an evaluator that repeats, `outputs` then their means;
    empty where it answered once.
    """

    outputs: Mapping[str, object] = field(default_factory=dict[str, object])
    aggregation_inputs: Mapping[str, object] = field(default_factory=dict[str, object])
    error: LineError | None = None
    answers: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """One line of one trial.

    `seconds` is the critical path with shared answers counted at their owner's time. `usage`,
    `calls` and `cost` are attributed: what this line would take alone, shared answers included;
    `paid_calls` counts the calls this trial really caused. All of the flow, none of the evaluators.
    `evaluations` is keyed by evaluator; an evaluator that does not judge the dataset is absent.
    """

    outputs: Mapping[str, object]
    seconds: float
    usage: Usage
    calls: int
    paid_calls: int
    cost: float | None
    aggregation_inputs: Mapping[str, object] = field(default_factory=dict[str, object])
    error: LineError | None = None
    evaluations: Mapping[str, Evaluation] = field(default_factory=dict[str, Evaluation])


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRecord:
    """One line of a dataset with the results of all trials that ran together on it.

    `line` counts from 0 in file order. `results` is keyed by `Trial.id`. A later record for the
    same line adds trials or replaces them.
    """

    dataset: str
    line: int
    repeat: int
    data: Mapping[str, object]
    results: Mapping[str, LineResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A paid answer, on disk before anyone uses it; `key` is unique within its line and repeat."""

    dataset: str
    line: int
    repeat: int
    key: str
    node: str
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a run has paid so far; `cost` counts the calls that have a price."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    def __add__(self, answer: Answer) -> Spent:
        """Return the sum with one more paid answer."""
        usage = answer.usage
        return Spent(
            calls=self.calls + answer.calls,
            tokens=self.tokens + usage.prompt_tokens + usage.completion_tokens,
            cost=self.cost + (answer.cost or 0.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """An aggregated number of one trial.

    `evaluator` is empty for a metric the flow itself logged. `kind` is `aggregated` (by an
    aggregation node) or `mean` (of a numeric or boolean output over its lines).
    n + errors + missing = lines. `value` is None where n is 0.
    """

    trial: str
    evaluator: str
    name: str
    kind: Literal["aggregated", "mean"]
    value: float | None
    n: int
    errors: int
    missing: int

    @property
    def lines(self) -> int:
        """Return all lines of the trial."""
        return self.n + self.errors + self.missing


Status = Literal["running", "completed", "interrupted", "budget_exhausted", "failed"]
