"""Where the records of a run are: what stays in memory of them, some hundred bytes a line."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from llmops.domain.run import Spent
from llmops.store.records import answer_of, metric_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.run import Metric, Status
    from llmops.store.records import Fields

LineKey = tuple[str, int, int]
"""Dataset, line and repeat."""

_STATUS_AFTER: Final[Mapping[str, Status]] = {
    "started": "running",
    "resumed": "running",
    "completed": "completed",
    "interrupted": "interrupted",
    "budget_exhausted": "budget_exhausted",
    "failed": "failed",
}


@dataclass(slots=True)
class Index:
    """Offsets of calls and lines, and all that is small; `stopped` by dataset and configuration."""

    calls: dict[LineKey, array[int]] = field(default_factory=dict[LineKey, "array[int]"])
    lines: dict[LineKey, array[int]] = field(default_factory=dict[LineKey, "array[int]"])
    completed: dict[LineKey, Mapping[str, bool]] = field(
        default_factory=dict[LineKey, "Mapping[str, bool]"]
    )
    metrics: dict[tuple[str, str, str], Metric] = field(
        default_factory=dict[tuple[str, str, str], "Metric"]
    )
    stopped: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    spent: Spent = field(default_factory=Spent)
    status: Status = "interrupted"
    _words: dict[frozenset[tuple[str, bool]], Mapping[str, bool]] = field(
        default_factory=dict[frozenset[tuple[str, bool]], "Mapping[str, bool]"]
    )

    def add(self, offset: int, record: Fields) -> None:
        """Take the next record into account; kinds that are not known are skipped."""
        match record.get("kind"):
            case "call":
                self.calls.setdefault(_line_key(record), array("q")).append(offset)
                self.spent += answer_of(record)
            case "line":
                self.lines.setdefault(_line_key(record), array("q")).append(offset)
                self._complete(record)
            case "metric":
                metric = metric_of(record)
                self.metrics[metric.trial, metric.evaluator, metric.name] = metric
            case "event":
                self._happened(record)
            case _:
                pass

    def _complete(self, record: Fields) -> None:
        key = _line_key(record)
        good = {trial: "error" not in item for trial, item in record["results"].items()}
        good = {**self.completed.get(key, {}), **good}
        # Nearly all lines have the same word for the same trials: keep one of each.
        self.completed[key] = self._words.setdefault(frozenset(good.items()), good)

    def _happened(self, record: Fields) -> None:
        self.status = _STATUS_AFTER.get(record["event"], self.status)
        if record["event"] == "stopped":
            stopped = record["dataset"], record["configuration"]
            self.stopped.setdefault(stopped, record["lines"])


def _line_key(record: Fields) -> LineKey:
    return record["dataset"], record["line"], record["repeat"]
