"""The numbers of a report, computed once for every format."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from llmops.domain.analysis import Objective
    from llmops.domain.call import Usage
    from llmops.domain.configuration import Configuration
    from llmops.domain.deployment import TrafficPlan
    from llmops.domain.run import Spent, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What lines took. `n` gave an output; latency is theirs, in seconds, None where n is 0.

    n + errors + missing = lines. `usage`, `calls` and `cost` are what the lines would take alone;
    `paid_calls` were really made. `causes` counts errors by `node: kind`, the most frequent first.
    """

    n: int
    errors: int
    missing: int
    usage: Usage
    calls: int
    paid_calls: int
    cost: float | None
    p50: float | None
    p95: float | None
    causes: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def lines(self) -> int:
        """Return all planned lines."""
        return self.n + self.errors + self.missing

    @property
    def cost_per_line(self) -> float | None:
        """Return the mean cost of the lines that ran; None where nothing has a price."""
        ran = self.n + self.errors
        return None if self.cost is None or not ran else self.cost / ran

    @property
    def saved(self) -> float:
        """Return the share of calls that other trials' answers made unnecessary, in [0, 1]."""
        return 1 - self.paid_calls / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One metric of a configuration on a dataset: a value per repeat, counts over all repeats."""

    values: tuple[float | None, ...]
    n: int
    errors: int
    missing: int

    @property
    def value(self) -> float | None:
        """Return the mean of the repeats; None when none of them has a value."""
        return _mean(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A configuration on a dataset, over all repeats; `scores` is keyed by metric."""

    dataset: str
    figures: Figures
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationReport:
    """A configuration over all datasets; `key` is its short name in this report: A, B, ..."""

    key: str
    id: str
    label: str
    configuration: Configuration
    is_baseline: bool
    figures: Figures
    cells: tuple[Cell, ...]

    def value(self, metric: str) -> float | None:
        """Return the mean over all datasets; None where one of them has no value."""
        values = [
            cell.scores[metric].value if metric in cell.scores else None for cell in self.cells
        ]
        return None if None in values else _mean(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names that occur in any line, in the order first seen; evaluations as pairs."""

    data: tuple[str, ...]
    outputs: tuple[str, ...]
    evaluations: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Everything a report says apart from the single lines.

    `spent` is what the run paid, evaluators included.

    `configurations` come best first; without an objective, as planned. `metrics` are full names,
    the objective first; `objective` has its full name too. `traffic_plans` say how the winner would
    go live, as stated when the run started: by environment, empty for every other.
    """

    run: str
    experiment: str
    created: str
    status: Status
    currency: str
    datasets: Mapping[str, int]
    repeats: int
    metrics: tuple[str, ...]
    objective: Objective | None
    figures: Figures
    spent: Spent
    configurations: tuple[ConfigurationReport, ...]
    columns: Columns
    traffic_plans: Mapping[str, TrafficPlan] = field(default_factory=dict[str, "TrafficPlan"])

    @property
    def best(self) -> tuple[ConfigurationReport, ...]:
        """Return the configurations with the best mean of the objective: several when tied."""
        if self.objective is None or not self.configurations:
            return ()
        metric = self.objective.metric
        top = self.configurations[0].value(metric)
        if top is None:
            return ()
        return tuple(item for item in self.configurations if item.value(metric) == top)

    def calls_spared(self, stopped: Collection[tuple[str, str]]) -> int:
        """Estimate the flow's calls that stopped trials, by dataset and id, would have caused."""
        spared = 0.0
        for item in self.configurations:
            for cell in item.cells:
                if (cell.dataset, item.id) in stopped:
                    ran = max(1, cell.figures.n + cell.figures.errors)
                    spared += cell.figures.missing * cell.figures.paid_calls / ran
        return round(spared)

    @property
    def baseline(self) -> ConfigurationReport | None:
        """Return the configuration that the others are measured against."""
        return next((item for item in self.configurations if item.is_baseline), None)


def full_name(evaluator: str, name: str) -> str:
    """Return `<evaluator>.<name>`; the name alone for what the flow itself logged."""
    return f"{evaluator}.{name}" if evaluator else name


def resolve_metric(metric: str, names: Collection[str]) -> str:
    """Return the full name that is meant: itself, or the only one that ends in `.<metric>`.

    >>> resolve_metric("score", ["match.score", "style.tone"])
    'match.score'
    """
    ending = [name for name in names if name.endswith(f".{metric}")]
    return ending[0] if metric not in names and len(ending) == 1 else metric


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
