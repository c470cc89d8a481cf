"""What speaks against each variant, rule by rule.

Why a configuration that is no better than the baseline wins with a chance of at most alpha: to
win it has to be significantly better somewhere after Holm's correction, and Holm's method rejects
any true hypothesis of the family with a chance of at most alpha, whatever the scores depend on.
Every other rule can only take a winner away.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from llmops.comparison.seen import by_dataset
from llmops.comparison.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmops.comparison.evidence import Evidence
    from llmops.domain.comparison import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A variant before the decision.

    `improvement` is the objective's mean improvement over the datasets, each with equal weight.
    `obstacles` are reasons other than the objective, `doubts` those that the objective gives.
    `equivalent` tells whether it is shown to differ from the baseline by less than the margin.
    """

    configuration: str
    effects: tuple[Effect, ...]
    improvement: float | None
    obstacles: tuple[str, ...]
    doubts: tuple[str, ...]
    equivalent: bool

    @property
    def wins(self) -> bool:
        """Tell whether nothing speaks against it."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return everything that speaks against it."""
        return (*self.obstacles, *self.doubts)

    @property
    def is_better_somewhere(self) -> bool:
        """Tell whether it is shown to be better on a dataset."""
        return any(effect.finding == "better" for effect in self.effects)


def candidates_of(evidence: Evidence) -> tuple[Candidate, ...]:
    """Return every variant, in the order of the scores."""
    return tuple(_candidate(evidence, name) for name in evidence.scores.variants)


def _candidate(evidence: Evidence, name: str) -> Candidate:
    effects = evidence.objective_effects(name)
    known = [effect.improvement for effect in effects if effect.improvement is not None]
    improvement = fmean(known) if known else None
    return Candidate(
        configuration=name,
        effects=effects,
        improvement=improvement,
        obstacles=tuple(_obstacles(evidence, name)),
        doubts=tuple(_doubts(evidence, effects, improvement)),
        equivalent=_is_equivalent(effects, evidence.margin_level),
    )


def _is_equivalent(effects: Sequence[Effect], level: float) -> bool:
    return bool(effects) and all(
        effect.p_margin is not None and effect.p_margin <= level for effect in effects
    )


def _obstacles(evidence: Evidence, name: str) -> Iterator[str]:
    place = evidence.scores.configurations.index(name)
    stopped: set[str] = set()
    for dataset in evidence.scores.datasets:
        if place in dataset.stopped_after:
            lines = counted(dataset.stopped_after[place], "line")
            yield f"stopped early on {dataset.dataset} after {lines}"
            stopped.add(dataset.dataset)
    for check in evidence.guardrails:
        if check.configuration == name and not check.kept and check.dataset not in stopped:
            yield check.sentence
    yield from limits_broken(evidence, name)


def limits_broken(evidence: Evidence, name: str) -> Iterator[str]:
    """Yield each limit that a configuration does not keep; what isn't known isn't kept."""
    limits, contender = evidence.analysis.limits, evidence.contenders[name]
    taken = {
        "cost per line": (contender.cost_per_line, limits.cost_per_line),
        "95th percentile of the seconds": (contender.p95_seconds, limits.p95_seconds),
    }
    for what, (seen, limit) in taken.items():
        if limit is None:
            continue
        if seen is None:
            yield f"{what} is not known; at most {limit:.3g} is allowed"
        elif seen > limit:
            yield f"{what} is {seen:.3g}; at most {limit:.3g} is allowed"


def _doubts(
    evidence: Evidence, effects: Sequence[Effect], improvement: float | None
) -> Iterator[str]:
    for effect in effects:
        if effect.difference is None:
            yield f"{effect.metric} on {effect.dataset} can't be compared: {effect.reason}"
    if improvement is None:
        return
    worse = [effect for effect in effects if effect.finding == "worse"]
    if worse:
        yield by_dataset(evidence, worse, than="the baseline", p=True)
    elif not any(effect.finding == "better" for effect in effects):
        seen = by_dataset(evidence, effects, p=True)
        yield f"not shown to be better than the baseline: {seen}"
    elif improvement <= 0:
        yield "its mean over the datasets is no better than the baseline's"
