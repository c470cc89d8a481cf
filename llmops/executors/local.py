"""Runs trials in this process: line by line, all trials of a line together, answers shared."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from llmops.concurrency import for_each, together
from llmops.domain.call import LineFailure, Sample
from llmops.domain.run import CallRecord, Evaluation, LineRecord, LineResult
from llmops.executors.judging import Judge, error_of
from llmops.sharing import SharedAnswers
from llmops.trial_context import TrialContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from llmops.domain.call import Answer
    from llmops.domain.flow import LineOutput, Step
    from llmops.domain.run import LineError, Trial
    from llmops.trial_context import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """All trials of one dataset; `steps` by configuration id, `inputs` maps a row to inputs."""

    dataset: str
    steps: Mapping[str, Step]
    inputs: Callable[[Mapping[str, object]], Mapping[str, object]]
    judges: Sequence[Judge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One line and repeat of a sweep, for the trials that still want it.

    `judge_rows` has the row of each judge: the line itself, or one of the judge's own dataset.
    `recorded` holds the answers that an earlier process paid for, by key.
    """

    sweep: Sweep
    line: int
    repeat: int
    data: Mapping[str, object]
    trials: Sequence[Trial]
    judge_rows: Mapping[str, Mapping[str, object]]
    recorded: Mapping[str, Answer] = field(default_factory=dict[str, "Answer"])


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalExecutor:
    """Runs jobs with at most `max_lines` lines in flight; `share=False` pays for every trial."""

    resources: Resources
    write_call: Callable[[CallRecord], None]
    write_line: Callable[[LineRecord], None]
    max_lines: int
    share: bool = True

    async def run(self, jobs: Iterable[Job]) -> None:
        """Run all jobs, or as many as the budget allows; every result is written when it is there.

        Raises:
            LLMOpsError: when the results cannot be written.
        """
        budget = self.resources.budget
        affordable = takewhile(lambda _: not budget.exhausted, jobs)
        await for_each(affordable, self._line, self.max_lines)

    async def _line(self, job: Job) -> None:
        def record(key: str, node: str, answer: Answer) -> None:
            self.write_call(
                CallRecord(
                    dataset=job.sweep.dataset,
                    line=job.line,
                    repeat=job.repeat,
                    key=key,
                    node=node,
                    answer=answer,
                )
            )

        shared = SharedAnswers(job.recorded, record)
        results = await together([self._trial(job, trial, shared) for trial in job.trials])
        answered = {
            trial.id: result
            for trial, result in zip(job.trials, results, strict=True)
            if result is not None
        }
        progress = self.resources.progress
        progress.errors += sum(result.error is not None for result in answered.values())
        if answered:
            self.write_line(
                LineRecord(
                    dataset=job.sweep.dataset,
                    line=job.line,
                    repeat=job.repeat,
                    data=job.data,
                    results=answered,
                )
            )
        progress.lines_done += len(answered) == len(job.trials)

    async def _trial(self, job: Job, trial: Trial, shared: SharedAnswers) -> LineResult | None:
        """Return the trial's result on the line; None when the budget did not reach for it."""
        prefix = "" if self.share else f"{trial.id}:"
        sample = Sample(dataset=job.sweep.dataset, line=job.line, repeat=job.repeat)
        context = TrialContext(shared, self.resources, prefix, sample)
        inputs = job.sweep.inputs(job.data)
        try:
            output = await job.sweep.steps[trial.configuration.id].run_line(inputs, context)
        except LineFailure as failure:
            return None if failure.kind == "budget" else _result(context, error=error_of(failure))

        def judging(again: str) -> TrialContext:
            return TrialContext(shared, self.resources, prefix + again, sample)

        verdicts = await together(
            [
                judge.verdict(
                    judge.inputs(job.judge_rows[judge.name], output.outputs, inputs), judging
                )
                for judge in job.sweep.judges
            ]
        )
        evaluations: dict[str, Evaluation] = {}
        for judge, verdict in zip(job.sweep.judges, verdicts, strict=True):
            if verdict is None:
                return None
            evaluations[judge.name] = verdict
        return _result(context, output=output, evaluations=evaluations)


def _result(
    context: TrialContext,
    *,
    output: LineOutput | None = None,
    error: LineError | None = None,
    evaluations: Mapping[str, Evaluation] | None = None,
) -> LineResult:
    return LineResult(
        outputs=output.outputs if output else {},
        seconds=output.seconds if output else 0.0,
        aggregation_inputs=output.aggregation_inputs if output else {},
        usage=context.usage,
        calls=context.calls,
        paid_calls=context.paid_calls,
        cost=context.cost,
        error=error,
        evaluations=evaluations or {},
    )
