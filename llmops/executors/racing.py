"""Racing: lines run in batches, and a variant that is shown to be hopeless stops.

Hopeless is a variant whose objective is shown to be worse than the baseline's on a dataset: the
mean over its lines, paired by line. Whatever the others do, it will not win there. Being worse
than the leader is not enough, for the leader may yet break a guardrail or a limit.

What it may cost: with a chance of at least `confidence`, nothing that is as good as the baseline is
stopped anywhere. All variants on all datasets are tested together at every look, with p-values that
hold at any time (`statistics.sequential`) against alpha over the number of those not stopped, as
Holm does it: what is stopped wrongly first would need alpha over the number of true hypotheses,
since those stopped before it were false ones.

The tests at the end stay valid for those who are left. They look at the lines that they would look
at without racing; and to be called better, a variant has to pass its test and not to have been
stopped, which is no likelier than to pass. A stopped one stays in the family as not rejected: its
lines were looked at until they looked bad, so a test for fixed samples means nothing there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llmops.executors.race_scores import Rules, Scores
from llmops.statistics.sequential import BelowZero

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from llmops.domain.run import LineRecord, Trial
    from llmops.executors.batches import Batches, Unit
    from llmops.executors.local import Job, LocalExecutor

Pair = tuple[str, str]
"""Dataset and configuration id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A dataset to race over; `jobs` gives those of some lines for some configurations."""

    dataset: str
    batches: Batches
    jobs: Callable[[Sequence[int], Collection[str]], Iterable[Job]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A variant that was shown hopeless after `lines` lines; `p` holds at any time."""

    dataset: str
    configuration: str
    lines: int
    p: float


class Race:
    """What the scores so far show, over all datasets of a run."""

    def __init__(
        self, rules: Rules, trials: Iterable[Trial], stopped: Mapping[Pair, int] | None = None
    ) -> None:
        """Start without scores; `stopped` are the stops of an earlier process, which stand."""
        self._rules = rules
        self._trials = {trial.id: trial for trial in trials}
        self._recorded = stopped or {}
        self.scores = Scores(rules, self._trials.values())
        self._tests = {
            (trial.dataset, trial.configuration.id): BelowZero()
            for trial in self._trials.values()
            if trial.configuration.id != rules.baseline
        }
        self._stopped = set[Pair]()

    async def run(
        self,
        executor: LocalExecutor,
        courses: Iterable[Course],
        write_stop: Callable[[Stop], None],
    ) -> None:
        """Run every batch to its end before looking; what was recorded before is looked at again.

        Raises:
            FlowError: at a score that the race can't count.
        """

        def write_line(record: LineRecord) -> None:
            executor.write_line(record)
            self.scores.add(record)

        seeing = replace(executor, write_line=write_line)
        for course in courses:
            lines = 0
            for batch in course.batches.raced:
                chosen = [line for unit in batch for line in unit]
                await seeing.run(course.jobs(chosen, self.living(course.dataset)))
                if executor.resources.budget.exhausted:
                    return
                lines += len(chosen)
                if lines < course.batches.lines:
                    for stop in self.look(course, batch, lines):
                        write_stop(stop)
            await seeing.run(course.jobs(course.batches.kept, self.living(course.dataset)))

    def living(self, dataset: str) -> frozenset[str]:
        """Return the configurations that still run on the dataset."""
        return frozenset(
            trial.configuration.id
            for trial in self._trials.values()
            if trial.dataset == dataset and (dataset, trial.configuration.id) not in self._stopped
        )

    def look(self, course: Course, batch: Sequence[Unit], lines: int) -> list[Stop]:
        """Take a complete batch into account; return what is stopped now, after `lines` lines."""
        dataset, largest = course.dataset, course.batches.largest
        for configuration in self.living(dataset) - {self._rules.baseline}:
            # A sum over the largest size keeps a unit within [-1, 1] and every line's weight equal.
            gains = [
                sum(self.scores.gain(dataset, configuration, line) for line in unit) / largest
                for unit in batch
            ]
            self._tests[dataset, configuration].update(gains)
        stops = list[Stop]()
        for pair, test in sorted(self._tests.items(), key=lambda item: item[1].p):
            if pair[0] != dataset or pair in self._stopped:
                continue
            shown = test.p <= self._rules.alpha / (len(self._tests) - len(self._stopped))
            if shown or self._recorded.get(pair, math.inf) <= lines:
                self._stopped.add(pair)
                if pair not in self._recorded:
                    stops.append(
                        Stop(dataset=dataset, configuration=pair[1], lines=lines, p=test.p)
                    )
        return stops
