"""Runs the trials of an experiment and leaves the evidence of every call and line on disk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice, repeat
from typing import TYPE_CHECKING

from llmops.domain.configuration import Configuration
from llmops.executors.local import Job, Judge, LocalExecutor, Sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.flow import Step
    from llmops.domain.run import Trial
    from llmops.experiment import Experiment, RunDataset
    from llmops.store import RunReader, RunWriter
    from llmops.trial_context import Resources

    _Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Everything that answers: the flow by configuration id, the evaluators by name."""

    flow: Mapping[str, Step]
    judges: Mapping[str, Step]


def configure(experiment: Experiment, trials: Sequence[Trial]) -> Steps:
    """Load the code of the flow in each configuration, and of the evaluators.

    Raises:
        ConfigError: when a source or a tool cannot be used.
    """
    configurations = {trial.configuration.id: trial.configuration for trial in trials}
    return Steps(
        flow={key: experiment.flow.configure(value) for key, value in configurations.items()},
        judges={
            evaluator.name: evaluator.flow.configure(Configuration())
            for evaluator in experiment.evaluators
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be run: `limit` lines of each dataset (None all), without what `done` holds.

    `retry_errors` runs again what stands as an error.
    """

    experiment: Experiment
    trials: Sequence[Trial]
    steps: Steps
    done: RunReader
    limit: int | None = None
    retry_errors: bool = False

    def jobs(self) -> Iterator[Job]:
        """Yield one job per dataset, repeat and line that still has trials to run."""
        for used in self.experiment.datasets:
            sweep = self._sweep(used)
            for number in range(self.experiment.repeats):
                trials = [
                    trial
                    for trial in self.trials
                    if (trial.dataset, trial.repeat) == (used.name, number)
                ]
                yield from self._lines(used, sweep, trials, number)

    def settled(self) -> int:
        """Return the number of lines times repeats that need nothing more."""
        wanted: dict[tuple[str, int], list[str]] = {}
        for trial in self.trials:
            wanted.setdefault((trial.dataset, trial.repeat), []).append(trial.id)
        return sum(
            all(self._settled(results.get(trial)) for trial in wanted.get((dataset, number), ()))
            for (dataset, _, number), results in self.done.completed().items()
        )

    def total(self) -> int:
        """Return the number of lines times repeats, done ones included."""
        return self.experiment.repeats * sum(
            min(used.dataset.count(), self.limit or used.dataset.count())
            for used in self.experiment.datasets
        )

    def _lines(
        self, used: RunDataset, sweep: Sweep, trials: Sequence[Trial], number: int
    ) -> Iterator[Job]:
        completed = self.done.completed()
        for line, (data, judge_rows) in enumerate(islice(self._rows(used), self.limit)):
            results = completed.get((used.name, line, number), {})
            wanted = [trial for trial in trials if not self._settled(results.get(trial.id))]
            if wanted:
                yield Job(
                    sweep=sweep,
                    line=line,
                    repeat=number,
                    data=data,
                    trials=wanted,
                    judge_rows=judge_rows,
                    recorded=self.done.calls(used.name, line, number),
                )

    def _settled(self, good: bool | None) -> bool:
        return good is True or (good is False and not self.retry_errors)

    def _rows(self, used: RunDataset) -> Iterator[tuple[_Row, Mapping[str, _Row]]]:
        """Yield each line with the row every evaluator reads beside it."""
        own = {
            evaluator.name: judged.dataset
            for evaluator in self.experiment.evaluators
            if (judged := evaluator.datasets.get(used.name))
        }
        names = list(own)
        lines = [dataset.lines() if dataset else repeat(None) for dataset in own.values()]
        for data, *rows in zip(used.dataset.lines(), *lines, strict=False):
            yield (
                data,
                dict(zip(names, (data if row is None else row for row in rows), strict=True)),
            )

    def _sweep(self, used: RunDataset) -> Sweep:
        return Sweep(
            dataset=used.name,
            steps=self.steps.flow,
            inputs=used.inputs_of(self.experiment.flow),
            judges=[
                Judge(
                    name=evaluator.name,
                    step=self.steps.judges[evaluator.name],
                    inputs=judged.inputs_of(evaluator.flow, used),
                )
                for evaluator in self.experiment.evaluators
                if (judged := evaluator.datasets.get(used.name))
            ],
        )


async def run(work: Work, resources: Resources, writer: RunWriter) -> None:
    """Do the work; whatever ends it is recorded as an event.

    Raises:
        asyncio.CancelledError: when it was interrupted.
        LLMOpsError: when the evidence cannot be written.
    """
    progress = resources.progress
    progress.lines_total = work.total()
    progress.lines_done = progress.resumed_lines = work.settled()
    executor = LocalExecutor(
        resources=resources,
        write_call=writer.write_call,
        write_line=writer.write_line,
        max_lines=work.experiment.executor.max_concurrency,
        share=work.experiment.executor.share,
    )
    writer.write_event("resumed" if work.done.completed() else "started")
    try:
        await executor.run(work.jobs())
    except asyncio.CancelledError:
        writer.write_event("interrupted")
        raise
    except Exception as failure:
        writer.write_event("failed", reason=f"{type(failure).__name__}: {failure}")
        raise
    writer.write_event("budget_exhausted" if resources.budget.exhausted else "completed")
