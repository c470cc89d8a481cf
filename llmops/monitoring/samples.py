"""From columns and verdicts to samples: the values of every metric, by deployment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from llmops.deployment.metrics import MEASURED
from llmops.domain.monitoring import Measure
from llmops.domain.report import full_name
from llmops.monitoring.access import NO_UNIT, joined
from llmops.monitoring.observed import DISCONNECTED
from llmops.statistics.always_valid import is_binary
from llmops.statistics.sample import sample

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from llmops.monitoring.access import Seen
    from llmops.monitoring.judges import Judging
    from llmops.monitoring.observed import Answers, Observed
    from llmops.monitoring.verdicts import Verdicts
    from llmops.statistics.sample import Floats, Sample

    Units = NDArray[np.uint64]

ERROR: Final = 500
P95: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """A metric's values of one deployment, and the unit of each; NO_UNIT stands by itself."""

    values: Floats
    units: Units

    def sample(self) -> Sample:
        """Return them with their clusters."""
        return sample(self.values, _clusters(self.units))

    def beyond(self, limit: float) -> Values:
        """Return 1 for every value above the limit, else 0."""
        flags = np.where(np.isfinite(self.values), self.values > limit, np.nan)
        return Values(values=flags, units=self.units)


@dataclass(slots=True, kw_only=True)
class Samples:
    """Values by metric, then by deployment; `judged` counts requests with a verdict."""

    values: dict[str, dict[str, Values]] = field(default_factory=dict[str, "dict[str, Values]"])
    judged: dict[str, int] = field(default_factory=dict[str, int])

    def get(self, metric: str, deployment: str) -> Values | None:
        """Return the values; None where there are none."""
        found = self.values.get(metric, {}).get(deployment)
        return found if found is not None and np.isfinite(found.values).any() else None

    def has(self, metric: str) -> bool:
        """Return whether any deployment has a value."""
        return any(self.get(metric, name) for name in self.values.get(metric, ()))

    def value(self, metric: str, deployment: str) -> float | None:
        """Return the mean, or the percentile; None without values."""
        found = self.get(metric, deployment)
        if found is None:
            return None
        known = found.values[np.isfinite(found.values)]
        return float(np.quantile(known, P95) if metric == "p95_seconds" else known.mean())

    def measures(self) -> tuple[Measure, ...]:
        """Return every metric of every deployment, the operational ones first."""
        return tuple(
            self._measure(metric, deployment)
            for metric, by_deployment in self.values.items()
            for deployment in by_deployment
        )

    def _measure(self, metric: str, deployment: str) -> Measure:
        found = self.get(metric, deployment)
        data = found.sample() if found else None
        return Measure(
            deployment=deployment,
            metric=metric,
            kind="binary" if data and is_binary(data) else "numeric",
            value=self.value(metric, deployment),
            n=data.n if data else 0,
            units=data.units if data else 0,
        )


def read_samples(
    observed: Observed,
    access: Mapping[str, Seen],
    judging: Judging,
    verdicts: Verdicts,
    served: Collection[str],
) -> Samples:
    """Return the values of all metrics for the deployments that are served.

    Errors and seconds are as the clients saw them, where the gateway's log is there.
    """
    samples = Samples(values={metric: {} for metric in MEASURED})
    for name in served:
        answers = observed.answers[name]
        units = units_of(answers, access)
        seen = access.get(name, answers)
        own = units if name not in access else np.array(access[name].units, dtype=np.uint64)
        statuses = np.array(seen.statuses, dtype=np.int64)
        seconds = np.array(seen.seconds, dtype=np.float64)
        counts = (statuses == 200) | (statuses >= ERROR)
        errors = np.where(counts, statuses >= ERROR, np.nan)
        samples.values["error_rate"][name] = Values(values=errors, units=own)
        answered = np.where(statuses == 200, seconds, np.nan)
        samples.values["p95_seconds"][name] = Values(values=answered, units=own)
        costs = np.array(answers.costs, dtype=np.float64)
        samples.values["cost_per_line"][name] = Values(values=costs, units=units)
        _judged(samples, name, observed, units, judging, verdicts)
    return samples


def _judged(
    samples: Samples,
    name: str,
    observed: Observed,
    units: Units,
    judging: Judging,
    verdicts: Verdicts,
) -> None:
    """Collect what evaluators said, by output."""
    values: dict[str, list[float]] = {}
    rows: dict[str, list[int]] = {}
    samples.judged[name] = 0
    for logged in observed.answers[name].sampled:
        has_verdict = False
        for wanted in judging.wanted(logged, observed.feedback.get(logged.id, {})):
            numbers = verdicts.numbers.get(wanted.key)
            if numbers is None:
                continue
            has_verdict = True
            for output, value in numbers.items():
                metric = full_name(wanted.judge.evaluator.name, output)
                values.setdefault(metric, []).append(value)
                rows.setdefault(metric, []).append(logged.row)
        samples.judged[name] += has_verdict
    for metric, found in values.items():
        samples.values.setdefault(metric, {})[name] = Values(
            values=np.array(found, dtype=np.float64), units=units[rows[metric]]
        )


def units_of(answers: Answers, access: Mapping[str, Seen]) -> Units:
    """Return the unit of every logged request: the input that names it, else the sticky key."""
    stated = np.array(answers.units, dtype=np.uint64)
    if stated.any() or not access or not len(stated):
        return stated
    return joined(np.array(answers.requests, dtype=np.uint64), access)


def _clusters(units: Units) -> NDArray[np.int64] | None:
    """Return the same number for requests of one unit; None where every request is its own."""
    if not units.any():
        return None
    _, places = np.unique(units, return_inverse=True)
    single = units == NO_UNIT
    clusters = places.astype(np.int64)
    clusters[single] = len(units) + np.arange(int(single.sum()))
    return clusters


def disconnected(answers: Answers | Seen) -> int:
    """Return how many clients did not wait."""
    return int((np.array(answers.statuses, dtype=np.int64) == DISCONNECTED).sum())
