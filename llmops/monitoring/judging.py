"""Asks the evaluators about production: through the same executor as a run, at most once each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from llmops.domain.configuration import Configuration
from llmops.domain.flow import LineOutput
from llmops.domain.run import Spent, Trial
from llmops.executors.judging import Judge
from llmops.executors.local import Job, LocalExecutor, Sweep
from llmops.session import open_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.flow import LineContext
    from llmops.domain.run import CallRecord, LineRecord
    from llmops.experiment import Experiment
    from llmops.experiment.model import Budget
    from llmops.monitoring.judges import Judging, Wanted
    from llmops.monitoring.observed import Answers, Logged, Observed
    from llmops.monitoring.verdicts import Verdicts
    from llmops.progress import Progress

    Raw = Mapping[str, object]

_ANSWERED: Final = Trial(configuration=Configuration(), dataset="production")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step that answers what was answered in production."""

    outputs: Raw

    async def run_line(self, inputs: Raw, context: LineContext) -> LineOutput:
        """Return the recorded outputs."""
        del inputs, context
        return LineOutput(outputs=self.outputs, seconds=0.0)

    async def aggregate(
        self,
        inputs: Mapping[str, Sequence[object]],
        aggregation_inputs: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> Mapping[str, float]:
        """Return nothing: production has no end over which to aggregate."""
        del inputs, aggregation_inputs, context
        return {}


def in_time(answers: Mapping[str, Answers]) -> Iterator[Logged]:
    """Yield the sampled requests of all deployments by time: a budget cuts off none more."""
    by_time = attrgetter("time")
    return merge(*(sorted(each.sampled, key=by_time) for each in answers.values()), key=by_time)


async def judge_production(
    experiment: Experiment,
    judging: Judging,
    observed: Observed,
    verdicts: Verdicts,
    progress: Progress,
    budget: Budget,
) -> bool:
    """Ask for every verdict that is not known yet; return whether the budget reached for all.

    Raises:
        ConfigError: when a connection cannot be opened.
        LLMOpsError: when a verdict cannot be written.
    """
    evaluators = tuple(each.evaluator for each in judging.judges)
    if not evaluators:
        return True
    # Only what the evaluators use is opened: the flow itself does not run again.
    own = replace(
        experiment,
        flow=evaluators[0].flow,
        evaluators=evaluators,
        configurations=(),
        budget=budget,
    )
    keys: list[str] = []

    def write_call(record: CallRecord) -> None:
        verdicts.add_call(keys[record.line], record)

    def write_line(record: LineRecord) -> None:
        (evaluation,) = record.results[_ANSWERED.id].evaluations.values()
        verdicts.add(keys[record.line], evaluation)

    async with open_session(own, Spent(), progress) as resources:
        executor = LocalExecutor(
            resources=resources,
            write_call=write_call,
            write_line=write_line,
            max_lines=experiment.executor.max_concurrency,
        )
        await executor.run(_jobs(judging, observed, verdicts, keys, progress))
        return not resources.budget.exhausted


def _jobs(
    judging: Judging,
    observed: Observed,
    verdicts: Verdicts,
    keys: list[str],
    progress: Progress,
) -> Iterator[Job]:
    """Yield a job per verdict that is not known; the job's line is its place in `keys`."""
    asked: set[str] = set()
    requests = sum(len(each.sampled) for each in observed.answers.values())
    progress.lines_total = requests * len(judging.judges)
    for logged in in_time(observed.answers):
        for wanted in judging.wanted(logged, observed.feedback.get(logged.id, {})):
            if wanted.key in verdicts.numbers or wanted.key in asked:
                progress.lines_done += 1
                progress.resumed_lines += 1
                continue
            asked.add(wanted.key)
            keys.append(wanted.key)
            yield _job(judging, wanted, len(keys) - 1, verdicts)


def _job(judging: Judging, wanted: Wanted, line: int, verdicts: Verdicts) -> Job:
    evaluator = wanted.judge.evaluator
    judge = Judge(
        name=evaluator.name,
        step=judging.steps[evaluator.name],
        inputs=wanted.judge.inputs,
        repeats=evaluator.repeats,
    )
    sweep = Sweep(
        dataset=_ANSWERED.dataset,
        steps={_ANSWERED.configuration.id: Recorded(wanted.outputs)},
        inputs=lambda row: row,
        judges=(judge,),
    )
    return Job(
        sweep=sweep,
        line=line,
        repeat=0,
        data=wanted.row,
        trials=(_ANSWERED,),
        judge_rows={evaluator.name: wanted.row},
        recorded=verdicts.calls.get(wanted.key, {}),
    )
