"""A decision in a sentence or two that a manager can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison.candidates import limits_broken
from llmops.comparison.choice import is_shown_better
from llmops.comparison.seen import by_dataset
from llmops.comparison.wording import amount, better_by, counted, listed, p_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmops.comparison.candidates import Candidate
    from llmops.comparison.confirmation import Confirmation
    from llmops.comparison.evidence import Evidence

_KEEP = "No winner, keep the baseline"


def winner(
    evidence: Evidence,
    chosen: Candidate,
    winners: Sequence[Candidate],
    confirmation: Confirmation | None,
) -> str:
    """Return why to use it, and what is not known; `winners` come best first."""
    return " ".join(_winner_parts(evidence, chosen, winners, confirmation))


def unconfirmed(evidence: Evidence, chosen: Candidate, confirmation: Confirmation) -> str:
    """Return that the choice did not stand the test."""
    name = evidence.name(chosen.configuration)
    if confirmation.improvement is None:
        return f"{_KEEP}: {name} can't be confirmed, no held-out line has a score from both."
    return (
        f"{_KEEP}: {name} was better where it was chosen, but held-out lines do not confirm it: "
        f"{_confirmed(confirmation, chosen)}."
    )


def equivalent(
    evidence: Evidence, chosen: str, equals: Sequence[str], candidates: Sequence[Candidate]
) -> str:
    """Return which of equals to take."""
    baseline = evidence.scores.baseline
    named = [chosen] if chosen != baseline else [name for name in equals if name != baseline]
    effects = next(each.effects for each in candidates if each.configuration == named[0])
    margin = amount(evidence.objective.margin or 0.0, effects[0].kind)
    subject = "It is" if chosen != baseline else _several([evidence.name(name) for name in named])
    return (
        f"Equivalent: {_which_equal(evidence, chosen)}. {subject} shown to differ from the "
        f"baseline by less than {margin} in {evidence.objective.metric} "
        f"({counted(sum(effect.pairs for effect in effects), 'line')})."
    )


def no_winner(evidence: Evidence, candidates: Sequence[Candidate], best: str | None) -> str:
    """Return the nearest miss: what is better but must not win, else the best by mean."""
    metric = evidence.objective.metric
    blocked = [each for each in candidates if each.is_better_somewhere]
    if blocked:
        first = max(blocked, key=lambda each: each.improvement or 0.0)
        return (
            f"{_KEEP}: {evidence.name(first.configuration)} is {_better(evidence, first)}, but "
            f"can't be chosen: {first.reasons[0]}."
        )
    tested = [effect for each in candidates for effect in each.effects if effect.p is not None]
    if not tested:
        reasons = [effect.reason for each in candidates for effect in each.effects]
        return f"{_KEEP}, as {metric} can't be tested: {listed(list(dict.fromkeys(reasons)))}."
    leader = next((each for each in candidates if each.configuration == best), None)
    if leader is None:
        return f"{_KEEP}: no other configuration has a better mean {metric}."
    tests = len(evidence.effects)
    return (
        f"{_KEEP}: {evidence.name(leader.configuration)} has the best mean {metric}, but that may "
        f"be chance: {by_dataset(evidence, leader.effects, p=True)}"
        f"{f', corrected for {tests} tests' if tests > 1 else ''}."
    )


def passed_over(evidence: Evidence, chosen: Candidate, other: Candidate) -> str:
    """Return why another one that would do as well was not taken."""
    if (other.improvement or 0.0) > (chosen.improvement or 0.0):
        return f"better than the baseline too; {equal_to(evidence, chosen.configuration)}"
    name = evidence.name(chosen.configuration)
    return f"better than the baseline too, but {name} has the better mean"


def equal_to(evidence: Evidence, chosen: str) -> str:
    """Return why one of equals was not taken."""
    return f"equivalent to {evidence.name(chosen)} and not known to be {_wanted(evidence)}er"


def _winner_parts(
    evidence: Evidence,
    chosen: Candidate,
    winners: Sequence[Candidate],
    confirmation: Confirmation | None,
) -> Iterator[str]:
    name, metric = evidence.name(chosen.configuration), evidence.objective.metric
    better = _better(evidence, chosen, than="the baseline's")
    yield f"Use {name}: {metric} is {better}."
    others = [effect for effect in chosen.effects if effect.finding != "better"]
    if others:
        yield f"Not significant: {by_dataset(evidence, others, p=True)}."
    if chosen.equivalent and evidence.objective.margin is not None:
        margin = amount(evidence.objective.margin, chosen.effects[0].kind)
        yield f"The gain is shown to be less than the {margin} that matter."
    if confirmation is not None:
        yield f"Held-out lines confirm it: {_confirmed(confirmation, chosen)}."
    yield from _rival(evidence, chosen, winners)


def _rival(evidence: Evidence, chosen: Candidate, winners: Sequence[Candidate]) -> Iterator[str]:
    """Say how the chosen one stands to the best of the others that would do as well."""
    others = [each for each in winners if each is not chosen]
    if not others:
        return
    name = evidence.name(others[0].configuration)
    if chosen is not winners[0]:
        yield f"The best mean has {name}; this one is equivalent and {_wanted(evidence)}er."
    elif not is_shown_better(evidence, chosen.configuration, others[0].configuration):
        yield f"It is not shown to be better than the runner-up, {name}."


def _better(evidence: Evidence, candidate: Candidate, than: str = "") -> str:
    better = [effect for effect in candidate.effects if effect.finding == "better"]
    tests = len(evidence.effects)
    after = f" after correcting for {tests} tests" if tests > 1 else ""
    return f"{by_dataset(evidence, better, than=than)}, significant{after}"


def _confirmed(confirmation: Confirmation, chosen: Candidate) -> str:
    improvement, p = confirmation.improvement or 0.0, confirmation.p
    size = better_by(improvement, chosen.effects[0].kind)
    tested = p_value(1.0 if p is None else p)
    return f"{size} ({counted(confirmation.lines, 'line')}, {tested})"


def _which_equal(evidence: Evidence, chosen: str) -> str:
    baseline = evidence.scores.baseline or ""
    if chosen == baseline:
        return f"keep the baseline, as none of its equals is known to be {_wanted(evidence)}er"
    broken = next(limits_broken(evidence, baseline), None)
    if broken:
        return f"use {evidence.name(chosen)}, as the baseline breaks a limit ({broken})"
    return (
        f"use {evidence.name(chosen)}, the {_wanted(evidence)}est{_share_taken(evidence, chosen)}"
    )


def _share_taken(evidence: Evidence, chosen: str) -> str:
    taken, before = evidence.taken(chosen), evidence.taken(evidence.scores.baseline or "")
    if taken is None or not before:
        return ""
    what = "cost" if evidence.analysis.prefer == "cost" else "latency"
    return f", at {taken / before:.0%} of the baseline's {what}"


def _several(names: Sequence[str]) -> str:
    """Return who, with the verb; many are only counted.

    >>> _several(["a"]), _several(["a", "b"]), _several(["a", "b", "c", "d"])
    ('a is', 'a and b are', '4 configurations are')
    """
    if len(names) > 3:
        return f"{len(names)} configurations are"
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'}"


def _wanted(evidence: Evidence) -> str:
    return "cheap" if evidence.analysis.prefer == "cost" else "fast"
