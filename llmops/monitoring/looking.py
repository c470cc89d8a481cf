"""One look at an endpoint: from its logs, through the checks in their order, to the proposal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from llmops.comparison.wording import counted
from llmops.domain.monitoring import Monitoring, Traffic
from llmops.monitoring.comparing import Comparing, directions_of
from llmops.monitoring.conditions import Bench
from llmops.monitoring.drift import Rules, corrected, drifts
from llmops.monitoring.judging import judge_production
from llmops.monitoring.observed import BEFORE
from llmops.monitoring.production import request_at
from llmops.monitoring.proposing import Standing, propose, stopped
from llmops.monitoring.ratio import check_ratio
from llmops.monitoring.samples import ERROR, Samples, disconnected, read_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.deployment.monitoring import MonitorSection
    from llmops.domain.deployment import TrafficPlan
    from llmops.domain.monitoring import Drift, Proposal, StatedSplit
    from llmops.experiment import Experiment
    from llmops.monitoring.access import Seen
    from llmops.monitoring.judges import Judging
    from llmops.monitoring.observed import Fewest, Observed
    from llmops.monitoring.production import Request
    from llmops.monitoring.verdicts import Verdicts
    from llmops.progress import Progress

    Pairs = Sequence[tuple[Mapping[str, object], Mapping[str, object]]]

_CLOCKS: Final = 60.0
"""Seconds by which another machine's clock may be ahead before that is worth a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What the logs say; `sample` is the share of requests that the production log has."""

    observed: Observed
    access: Mapping[str, Seen]
    digests: Mapping[str, str]
    damaged: int
    sample: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that a look needs; `now` is in seconds, `evaluated` what the release was tested on."""

    endpoint: str
    place: str
    now: float
    split: StatedSplit
    plan: TrafficPlan
    section: MonitorSection
    experiment: Experiment
    judging: Judging
    verdicts: Verdicts
    evaluated: Pairs
    logs: Logs
    notes: list[str] = field(default_factory=list[str])

    async def found(self, progress: Progress) -> Monitoring:
        """Check the split, then judge, compare, look for drift and propose.

        Raises:
            ConfigError: when an evaluator's connection cannot be opened.
            LLMOpsError: when a verdict cannot be written.
        """
        logs, section = self.logs, self.section
        ratio = check_ratio(self.split, logs.observed, logs.access, section.ratio_level)
        standing = Standing(
            plan=self.plan,
            split=self.split,
            ratio=ratio,
            requests=self._requests(),
            minutes=max(0.0, self.now - self.split.since) / 60,
            place=self.place,
        )
        self._note_logs()
        if ratio.status == "broken":
            return self._monitoring(standing, Samples(), stopped(standing))
        complete = await judge_production(
            self.experiment, self.judging, logs.observed, self.verdicts, progress, section.budget
        )
        self._note_verdicts(complete=complete)
        return self._judged(standing)

    def _judged(self, standing: Standing) -> Monitoring:
        split, alpha = self.split, 1 - self.section.confidence
        served = [name for name in split.releases if name in self.logs.observed.answers]
        samples = read_samples(
            self.logs.observed, self.logs.access, self.judging, self.verdicts, served
        )
        bench = Bench(samples=samples, split=split, planned=self.plan.bake_requests, alpha=alpha)
        must_hold = tuple(bench.condition(each) for each in self.plan.must_hold)
        triggers = bench.triggers(self.plan.rollback_when)
        comparing = Comparing(
            samples=samples, split=split, planned=self.plan.bake_requests, alpha=alpha
        )
        directions = directions_of(self.experiment.analysis, self.plan, samples.values)
        found = self._monitoring(standing, samples, propose(standing, must_hold, triggers))
        return replace(
            found,
            measures=samples.measures(),
            differences=comparing.differences(directions),
            must_hold=must_hold,
            rollback_when=triggers,
            drift=self._drift(),
        )

    def _monitoring(self, standing: Standing, samples: Samples, proposal: Proposal) -> Monitoring:
        return Monitoring(
            endpoint=self.endpoint,
            time=_iso(self.now),
            since=_iso(self.split.since),
            split=self.split,
            ratio=standing.ratio,
            traffic=tuple(self._traffic(name, samples) for name in self.split.releases),
            proposal=proposal,
            confidence=self.section.confidence,
            notes=tuple(self.notes),
            logs=self.logs.digests,
        )

    def _traffic(self, name: str, samples: Samples) -> Traffic:
        answers = self.logs.observed.answers[name]
        seen = self.logs.access.get(name, answers)
        return Traffic(
            deployment=name,
            release=self.split.releases[name],
            percent=self.split.percent.get(name, 0),
            requests=len(seen.requests),
            errors=sum(status >= ERROR for status in seen.statuses),
            disconnected=disconnected(seen),
            judged=samples.judged.get(name, 0),
        )

    def _requests(self) -> int:
        """Return how many requests the candidate has had, those that were not logged too."""
        name = self.split.candidate
        if name in self.logs.access:
            return len(self.logs.access[name].requests)
        answers = self.logs.observed.answers.get(name)
        return round(len(answers.requests) / self.logs.sample) if answers else 0

    def _drift(self) -> tuple[Drift, ...]:
        stated, observed = self.section.drift, self.logs.observed
        rules = Rules(level=stated.level, at_least=stated.at_least, ignore=stated.ignore)
        inputs = [request.inputs for request in _read(observed.inputs)]
        outputs = [request.outputs for request in _read(observed.outputs)]
        return corrected(
            [
                *drifts([pair[0] for pair in self.evaluated], inputs, "input", rules),
                *drifts([pair[1] for pair in self.evaluated], outputs, "output", rules),
            ],
            rules,
        )

    def _note_logs(self) -> None:
        """Say what of the logs does not count."""
        logs, observed = self.logs, self.logs.observed
        for reason, count in sorted(observed.left_out.items()):
            if reason != BEFORE:
                self.notes.append(
                    f"{counted(count, 'request is', 'requests are')} left out: {reason}"
                )
        if logs.damaged:
            self.notes.append(f"{counted(logs.damaged, 'line')} of the log cannot be read")
        unknown = sorted(set(logs.access) - set(self.split.releases))
        if unknown:
            self.notes.append(f"the gateway has sent requests to {', '.join(unknown)} as well")
        ahead = max((each.last for each in observed.answers.values()), default=0.0) - self.now
        if ahead > _CLOCKS:
            self.notes.append(f"a machine's clock is {ahead:.0f} s ahead of this one's")
        if not any(each.requests for each in observed.answers.values()):
            self.notes.append("the production log has no request since the traffic changed")

    def _note_verdicts(self, *, complete: bool) -> None:
        if not complete:
            self.notes.append("the budget is spent before all requests were judged")
        if failed := self.verdicts.failed:
            self.notes.append(f"{counted(failed, 'verdict')} failed, to be asked for again")


def _read(places: Fewest) -> Iterator[Request]:
    return filter(None, map(request_at, places.places))


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
