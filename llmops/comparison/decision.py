"""What to do: name a winner, take the cheapest of equals, or keep the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison import sentences
from llmops.comparison.candidates import candidates_of, limits_broken
from llmops.comparison.choice import equals_of_baseline, equals_of_best, preferred, ranked
from llmops.comparison.confirmation import confirm
from llmops.domain.comparison import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.comparison.candidates import Candidate
    from llmops.comparison.confirmation import Confirmation
    from llmops.comparison.evidence import Evidence
    from llmops.comparison.scores import Scores
    from llmops.domain.comparison import Effect


def decide(evidence: Evidence) -> tuple[Decision, tuple[Effect, ...]]:
    """Return the decision, and the effects on the held-out lines of the one that was chosen.

    Without a holdout, or without anything to confirm, there are none.
    """
    scores = evidence.scores
    if scores.baseline is None:
        why = "the run has no baseline to compare with; state `baseline` in the experiment"
        return _undecided(scores, why, best_by_mean(evidence)), ()
    if not scores.variants:
        return _undecided(scores, "only the baseline ran", scores.baseline), ()
    if not any(evidence.objective_effects(name) for name in scores.variants):
        return _undecided(scores, "no line has a score", None), ()
    candidates = candidates_of(evidence)
    winners = ranked([each for each in candidates if each.wins])
    if not winners:
        return _without_winner(evidence, candidates), ()
    chosen = preferred(evidence, equals_of_best(evidence, winners))
    winner = next(each for each in winners if each.configuration == chosen)
    if evidence.analysis.holdout is None:
        return _winner(evidence, candidates, winner, winners, None), ()
    confirmation = confirm(
        evidence.held_out, evidence.objective, chosen, evidence.analysis.confidence
    )
    if confirmation.p is not None and confirmation.p <= evidence.analysis.alpha:
        decision = _winner(evidence, candidates, winner, winners, confirmation)
    else:
        decision = _unconfirmed(evidence, candidates, winner, confirmation)
    return decision, confirmation.effects


def without_objective(scores: Scores) -> Decision:
    """Return the decision where the experiment does not say what decides."""
    return _undecided(scores, "the experiment names no objective, the metric that decides", None)


def best_by_mean(evidence: Evidence) -> str | None:
    """Return what ranking by the mean would crown; of equal ones the baseline, then the first."""
    means = {name: _mean(evidence, name) for name in evidence.scores.configurations}
    known = {name: mean for name, mean in means.items() if mean is not None}
    if not known:
        return None
    sign, baseline = evidence.objective.sign, evidence.scores.baseline
    return max(known, key=lambda name: (sign * known[name], name == baseline))


def _undecided(scores: Scores, why: str, best: str | None) -> Decision:
    return Decision(
        outcome="no winner",
        configuration=scores.baseline,
        best_by_mean=best,
        sentence=f"No winner: {why}.",
        candidates=dict.fromkeys(scores.variants, (why,)),
    )


def _winner(
    evidence: Evidence,
    candidates: Sequence[Candidate],
    winner: Candidate,
    winners: Sequence[Candidate],
    confirmation: Confirmation | None,
) -> Decision:
    reasons = {each.configuration: each.reasons for each in candidates}
    for other in winners:
        reasons[other.configuration] = (sentences.passed_over(evidence, winner, other),)
    del reasons[winner.configuration]
    reasons[evidence.scores.baseline or ""] = (
        f"{evidence.name(winner.configuration)} is shown to be better",
    )
    return Decision(
        outcome="winner",
        configuration=winner.configuration,
        best_by_mean=best_by_mean(evidence),
        sentence=sentences.winner(evidence, winner, winners, confirmation),
        candidates=reasons,
        confirmed=None if confirmation is None else True,
    )


def _unconfirmed(
    evidence: Evidence,
    candidates: Sequence[Candidate],
    chosen: Candidate,
    confirmation: Confirmation,
) -> Decision:
    reasons = {each.configuration: each.reasons for each in candidates}
    reasons = {name: why or ("another one was to be confirmed",) for name, why in reasons.items()}
    return Decision(
        outcome="no winner",
        configuration=evidence.scores.baseline,
        best_by_mean=best_by_mean(evidence),
        sentence=sentences.unconfirmed(evidence, chosen, confirmation),
        candidates={**reasons, chosen.configuration: ("held-out lines do not confirm it",)},
        confirmed=False,
    )


def _without_winner(evidence: Evidence, candidates: Sequence[Candidate]) -> Decision:
    best = best_by_mean(evidence)
    baseline = evidence.scores.baseline
    reasons = {each.configuration: each.reasons for each in candidates}
    equals = equals_of_baseline(evidence, candidates)
    if any(name != baseline for name in equals):
        chosen = preferred(evidence, equals)
        reasons[baseline or ""] = tuple(limits_broken(evidence, baseline or ""))
        reasons |= dict.fromkeys(equals, (sentences.equal_to(evidence, chosen),))
        del reasons[chosen]
        return Decision(
            outcome="equivalent",
            configuration=chosen,
            best_by_mean=best,
            sentence=sentences.equivalent(evidence, chosen, equals, candidates),
            candidates=reasons,
        )
    return Decision(
        outcome="no winner",
        configuration=baseline,
        best_by_mean=best,
        sentence=sentences.no_winner(evidence, candidates, best),
        candidates=reasons,
    )


def _mean(evidence: Evidence, name: str) -> float | None:
    """Return the mean over the datasets of the objective's means, or what the run states."""
    metric = evidence.objective.metric
    place = evidence.scores.configurations.index(name)
    scored = [each for each in evidence.scores.datasets if metric in each.values]
    if not scored:
        return evidence.contenders[name].mean
    means = [each.mean(metric, place) for each in scored]
    known = [mean for mean in means if mean is not None]
    return sum(known) / len(known) if len(known) == len(means) else None
