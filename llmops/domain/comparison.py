"""What the lines of a run show: estimates, effects against the baseline, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from llmops.domain.analysis import improvement_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.analysis import Analysis, Direction
    from llmops.domain.description import Confusion, Improvements, Regression, Slice

ScoreKind = Literal["binary", "numeric"]
Role = Literal["objective", "guardrail", "metric"]
Finding = Literal["better", "worse", "not shown"]
Outcome = Literal["winner", "equivalent", "no winner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval and the method that gave it, e.g. `Wilson`, `BCa bootstrap`, `t, clustered`."""

    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Standard deviations of one line's score: between lines, and between repeats of a line.

    `model` includes the judge's; `judge` is None unless the judge repeated. Where only the judge
    did, `model` is None and its noise is part of `lines`.
    """

    lines: float
    model: float | None
    judge: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A configuration's mean score on a dataset.

    n + errors + missing = lines (times repeats). `clusters` counts independent units: lines, or
    groups of lines; repeats never count. `value` and `interval` are None where n is 0.
    `stopped_after` is the number of lines after which racing stopped it, None if it ran to the end.
    """

    configuration: str
    dataset: str
    metric: str
    kind: ScoreKind
    value: float | None
    interval: Interval | None
    n: int
    errors: int
    missing: int
    clusters: int
    noise: Noise | None = None
    stopped_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A configuration against the baseline on one dataset and metric, paired by line.

    `difference` is configuration minus baseline in the metric's unit, over the `pairs` lines that
    both answered; `improvement` has the sign turned so that above 0 is better. wins + losses +
    ties = pairs. `p` is two-sided and exact or by permutation (`test` names it); `p_adjusted` is
    Holm's within the family; both are None where nothing can be tested (`reason` says why).
    `margin` and `p_margin` are the declared margin and the p-value of the test that it asks for:
    non-inferiority for a guardrail, TOST for the objective.
    """

    configuration: str
    dataset: str
    metric: str
    role: Role
    direction: Direction
    kind: ScoreKind
    pairs: int
    wins: int
    losses: int
    ties: int
    baseline_value: float | None
    value: float | None
    difference: float | None
    interval: Interval | None
    test: str
    p: float | None
    p_adjusted: float | None
    finding: Finding
    margin: float | None = None
    p_margin: float | None = None
    stopped_after: int | None = None
    reason: str = ""

    @property
    def improvement(self) -> float | None:
        """Return the difference with the sign turned so that above 0 is better."""
        return improvement_of(self.difference, self.direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The hypotheses that are corrected together."""

    method: str
    alpha: float
    configurations: tuple[str, ...]
    datasets: tuple[str, ...]
    metrics: tuple[str, ...]

    @property
    def size(self) -> int:
        """Return the number of tests: variants x datasets x metrics."""
        return len(self.configurations) * len(self.datasets) * len(self.metrics)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailCheck:
    """Whether a configuration keeps a guardrail on a dataset; `sentence` says what was seen."""

    configuration: str
    dataset: str
    metric: str
    kept: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, in one sentence for a manager.

    `configuration` is the one to use: the winner, the cheapest or fastest of equals, or the
    baseline that stays where there is no winner (None when the run has no baseline).
    `best_by_mean` is the id with the best mean of the objective, whatever it is worth.
    `candidates` maps every other configuration to the reasons why it was not chosen.
    `confirmed` tells whether held-out lines agreed; None without a holdout.
    """

    outcome: Outcome
    configuration: str | None
    best_by_mean: str | None
    sentence: str
    candidates: Mapping[str, tuple[str, ...]]
    confirmed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run's statistics, computed once for every format.

    By configuration id, `labels` state every choice, and `names` only what differs, for people.
    `estimates` hold every metric with a number per line, `effects` those of the family, ordered by
    configuration, dataset, metric (the objective first). `confirmation` holds the effects of the
    chosen configuration on the held-out lines. `slices` come a metric's worst first, `regressions`
    by dataset and line. `saved_by_racing` counts line results that never had to run, and
    `calls_saved_by_racing` estimates the flow's calls that they would have caused.
    """

    analysis: Analysis
    baseline: str | None
    labels: Mapping[str, str]
    names: Mapping[str, str]
    estimates: tuple[Estimate, ...]
    effects: tuple[Effect, ...]
    confirmation: tuple[Effect, ...]
    family: Family
    guardrails: tuple[GuardrailCheck, ...]
    slices: tuple[Slice, ...]
    regressions: tuple[Regression, ...]
    improvements: tuple[Improvements, ...]
    confusions: tuple[Confusion, ...]
    decision: Decision
    saved_by_racing: int = 0
    calls_saved_by_racing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """A second run against a first one, paired by line of the same file.

    `matches` maps configurations of the second run to those of the first they were compared with.
    In `effects` the first run's configuration is the baseline. `labels` and `names` are those of
    both runs. `notes` say what could not be compared and why, one sentence each.
    """

    first: str
    second: str
    labels: Mapping[str, str]
    names: Mapping[str, str]
    matches: Mapping[str, str]
    effects: tuple[Effect, ...]
    family: Family
    notes: tuple[str, ...]
