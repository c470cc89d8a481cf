"""A decision in one sentence that a manager can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison.choice import is_shown_better
from llmops.comparison.wording import amount, better_by, lines, listed, p_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmops.comparison.candidates import Candidate
    from llmops.comparison.confirmation import Confirmation
    from llmops.comparison.evidence import Evidence
    from llmops.domain.comparison import Effect


def winner(
    evidence: Evidence,
    chosen: Candidate,
    winners: Sequence[Candidate],
    confirmation: Confirmation | None,
) -> str:
    """Return why to use it, and what is not known; `winners` come best first."""
    return "; ".join(_winner_parts(evidence, chosen, winners, confirmation)) + "."


def unconfirmed(evidence: Evidence, chosen: Candidate, confirmation: Confirmation) -> str:
    """Return that the choice did not stand the test."""
    keep, label = _keep(evidence), evidence.label(chosen.configuration)
    if confirmation.improvement is None:
        return f"{keep}: {label} can't be confirmed, no held-out line has a score from both."
    seen = _confirmed(confirmation, chosen)
    return (
        f"{keep}: {label} was better where it was chosen; held-out lines do not confirm it, {seen}."
    )


def equivalent(
    evidence: Evidence, chosen: str, equals: Sequence[str], candidates: Sequence[Candidate]
) -> str:
    """Return which of equals to take."""
    baseline = evidence.scores.baseline
    variants = [name for name in equals if name != baseline]
    effects = next(each.effects for each in candidates if each.configuration == variants[0])
    margin = amount(evidence.objective.margin or 0.0, effects[0].kind)
    verb = "keep the baseline" if chosen == baseline else "use"
    return (
        f"Equivalent: {verb} {evidence.label(chosen)}, the {_wanted(evidence)}est"
        f"{_share_taken(evidence, chosen)}; {evidence.objective.metric} of "
        f"{listed([evidence.label(name) for name in variants])} is shown to differ from that of "
        f"the baseline by less than {margin} ({lines(sum(effect.pairs for effect in effects))})."
    )


def no_winner(evidence: Evidence, candidates: Sequence[Candidate], best: str | None) -> str:
    """Return the nearest miss: what is better but must not win, else the best by mean."""
    keep, metric = _keep(evidence), evidence.objective.metric
    blocked = [each for each in candidates if each.is_better_somewhere]
    if blocked:
        first = max(blocked, key=lambda each: each.improvement or 0.0)
        label = evidence.label(first.configuration)
        better = [_seen(effect) for effect in first.effects if effect.finding == "better"]
        return f"{keep}: {label} is {listed(better)}, but can't be chosen, {first.reasons[0]}."
    tested = [effect for each in candidates for effect in each.effects if effect.p is not None]
    if not tested:
        reasons = [effect.reason for each in candidates for effect in each.effects]
        return f"{keep}: {metric} can't be tested, {listed(list(dict.fromkeys(reasons)))}."
    leader = next((each for each in candidates if each.configuration == best), None)
    if leader is None:
        return f"{keep}: no other configuration has a better mean {metric}."
    label = evidence.label(leader.configuration)
    seen = listed([_seen(effect) for effect in leader.effects])
    return (
        f"{keep}: {label} has the best mean {metric}, but is not shown to be better: "
        f"{seen}{_corrected(evidence)}."
    )


def passed_over(evidence: Evidence, chosen: Candidate, other: Candidate) -> str:
    """Return why another one that would do as well was not taken."""
    if (other.improvement or 0.0) > (chosen.improvement or 0.0):
        return f"better than the baseline too; {equal_to(evidence, chosen.configuration)}"
    label = evidence.label(chosen.configuration)
    return f"better than the baseline too, but {label} has the better mean"


def equal_to(evidence: Evidence, chosen: str) -> str:
    """Return why one of equals was not taken."""
    return f"equivalent to {evidence.label(chosen)} and no {_wanted(evidence)}er"


def _winner_parts(
    evidence: Evidence,
    chosen: Candidate,
    winners: Sequence[Candidate],
    confirmation: Confirmation | None,
) -> Iterator[str]:
    better = [effect for effect in chosen.effects if effect.finding == "better"]
    yield (
        f"Use {evidence.label(chosen.configuration)}: its {evidence.objective.metric} is shown to "
        f"be better than that of {evidence.label(evidence.scores.baseline or '')}, the baseline, "
        f"{listed([_seen(effect) for effect in better])}{_corrected(evidence)}"
    )
    others = [effect for effect in chosen.effects if effect.finding != "better"]
    if others:
        yield f"not shown, better or worse: {listed([_seen(effect) for effect in others])}"
    total = sum(evidence.line_count(effect.dataset) for effect in chosen.effects)
    unpaired = total - sum(effect.pairs for effect in chosen.effects)
    if unpaired:
        yield f"{unpaired:,} of {lines(total)} lack a score from one of the two and are left out"
    if chosen.equivalent and evidence.objective.margin is not None:
        margin = amount(evidence.objective.margin, better[0].kind)
        yield f"the gain is shown to be less than the {margin} that matter"
    if confirmation is not None:
        yield f"held-out lines confirm it, {_confirmed(confirmation, chosen)}"
    yield from _rival(evidence, chosen, winners)


def _rival(evidence: Evidence, chosen: Candidate, winners: Sequence[Candidate]) -> Iterator[str]:
    """Say how the chosen one stands to the best of the others that would do as well."""
    others = [each for each in winners if each is not chosen]
    if not others:
        return
    label = evidence.label(others[0].configuration)
    if chosen is not winners[0]:
        yield f"{label} has the best mean, but this one is equal and {_wanted(evidence)}er"
    elif not is_shown_better(evidence, chosen.configuration, others[0].configuration):
        yield f"it is not shown to be better than the next best, {label}"


def _seen(effect: Effect) -> str:
    if effect.improvement is None:
        return f"not compared on {effect.dataset} ({effect.reason})"
    tested = effect.reason if effect.p_adjusted is None else p_value(effect.p_adjusted)
    size = better_by(effect.improvement, effect.kind)
    return f"{size} on {effect.dataset} ({lines(effect.pairs)}, {tested})"


def _confirmed(confirmation: Confirmation, chosen: Candidate) -> str:
    improvement, p = confirmation.improvement or 0.0, confirmation.p
    size = better_by(improvement, chosen.effects[0].kind)
    return f"{size} ({lines(confirmation.lines)}, {p_value(1.0 if p is None else p)})"


def _corrected(evidence: Evidence) -> str:
    tests = len(evidence.effects)
    return f", corrected for {tests} tests" if tests > 1 else ""


def _keep(evidence: Evidence) -> str:
    return f"No winner, keep {evidence.label(evidence.scores.baseline or '')}"


def _share_taken(evidence: Evidence, chosen: str) -> str:
    taken = evidence.taken(chosen)
    before = evidence.taken(evidence.scores.baseline or "")
    if chosen == evidence.scores.baseline or taken is None or not before:
        return ""
    what = "cost" if evidence.analysis.prefer == "cost" else "latency"
    return f", at {taken / before:.0%} of the baseline's {what}"


def _wanted(evidence: Evidence) -> str:
    return "cheap" if evidence.analysis.prefer == "cost" else "fast"
