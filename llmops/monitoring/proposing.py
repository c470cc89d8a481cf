"""What to do next: a step on, a step back, or nothing yet; always with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.comparison.wording import counted
from llmops.domain.monitoring import Proposal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmops.domain.deployment import TrafficPlan
    from llmops.domain.monitoring import Held, SampleRatio, StatedSplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the step stands: `requests` are the candidate's since the last change of traffic.

    `place` is what commands take: `experiments/reviews --env dev`.
    """

    plan: TrafficPlan
    split: StatedSplit
    ratio: SampleRatio
    requests: int
    minutes: float
    place: str

    @property
    def percent(self) -> int:
        """Return the candidate's share."""
        return self.split.percent.get(self.split.candidate, 0)


def stopped(standing: Standing) -> Proposal:
    """Return what is said of a split that is broken: nothing is compared."""
    return Proposal(
        action="stopped",
        sentence="The traffic is not split as stated, so nothing is compared.",
        reasons=(
            standing.ratio.reason,
            "look for restarts, a deployment that was put out, and a log that lost lines",
        ),
        command=f"llmops status {standing.place}",
    )


def propose(standing: Standing, must_hold: Sequence[Held], triggers: Sequence[Held]) -> Proposal:
    """Return the next step of the plan, or why not yet, or a rollback where a trigger is shown."""
    candidate = standing.split.candidate
    if fired := [each.sentence for each in triggers if each.shown]:
        return Proposal(
            action="rollback",
            sentence=f"Roll {candidate} back.",
            reasons=tuple(fired),
            command=f'llmops rollback {standing.place} --reason "{_quoted(fired[0])}"',
        )
    if waiting := tuple(_waiting(standing, must_hold)):
        return Proposal(
            action="stay",
            sentence=f"Leave {candidate} at {standing.percent} %.",
            reasons=waiting,
        )
    reasons = (*(each.sentence for each in must_hold), _baked(standing))
    step = standing.plan.after(standing.percent)
    if step is None:
        sentence = f"{candidate} is at the plan's last step, {standing.percent} %."
        return Proposal(action="done", sentence=sentence, reasons=reasons)
    return Proposal(
        action="next step",
        sentence=f"Give {candidate} {step} % of the traffic.",
        reasons=reasons,
        percent=step,
        command=f"llmops promote {standing.place}",
    )


def _waiting(standing: Standing, must_hold: Sequence[Held]) -> Iterator[str]:
    """Yield everything that is still missing."""
    plan, share = standing.plan, standing.percent
    if standing.minutes < plan.bake_minutes:
        yield f"it has had this share for {standing.minutes:.0f} of {plan.bake_minutes:g} minutes"
    if standing.requests < plan.bake_requests:
        seen = counted(standing.requests, "request")
        yield f"it has answered {seen} of {plan.bake_requests:,}"
    if standing.ratio.status == "not checked" and 0 < share < 100:
        yield f"the split could not be checked: {standing.ratio.reason}"
    yield from (each.sentence for each in must_hold if not each.shown)


def _baked(standing: Standing) -> str:
    minutes, requests = counted(round(standing.minutes), "minute"), standing.requests
    return f"it has answered {counted(requests, 'request')} in {minutes} at {standing.percent} %"


def _quoted(text: str) -> str:
    """Return text that a shell takes between double quotes."""
    return "".join(character for character in text if character not in '"\\$`!')
