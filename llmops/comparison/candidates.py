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

from llmops.comparison.wording import better_by, lines, p_value

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
        doubts=tuple(_doubts(effects, improvement)),
        equivalent=_is_equivalent(effects, evidence.margin_level),
    )


def _is_equivalent(effects: Sequence[Effect], level: float) -> bool:
    return bool(effects) and all(
        effect.p_margin is not None and effect.p_margin <= level for effect in effects
    )


def _obstacles(evidence: Evidence, name: str) -> Iterator[str]:
    place = evidence.scores.configurations.index(name)
    for dataset in evidence.scores.datasets:
        if place in dataset.stopped_after:
            yield f"stopped early on {dataset.dataset} after {lines(dataset.stopped_after[place])}"
    for check in evidence.guardrails:
        if check.configuration == name and not check.kept:
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


def _doubts(effects: Sequence[Effect], improvement: float | None) -> Iterator[str]:
    for effect in effects:
        if effect.difference is None:
            yield f"{effect.metric} on {effect.dataset} can't be compared: {effect.reason}"
        elif effect.finding == "worse":
            yield f"shown to be worse on {effect.dataset}: {_seen(effect)}"
    if improvement is None:
        return
    if not any(effect.finding == "better" for effect in effects):
        yield f"not shown to be better on any dataset: {'; '.join(map(_seen_on, effects))}"
    if improvement <= 0:
        yield "its mean over the datasets is no better"


def _seen_on(effect: Effect) -> str:
    return f"{effect.dataset} {_seen(effect)}"


def _seen(effect: Effect) -> str:
    if effect.difference is None:
        return "not compared"
    seen = f"{better_by(effect.improvement or 0.0, effect.kind)} on {lines(effect.pairs)}"
    return seen if effect.p_adjusted is None else f"{seen} ({p_value(effect.p_adjusted)})"
