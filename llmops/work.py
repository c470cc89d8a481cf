"""What a run has to do: one job per line and repeat that still has trials to answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, repeat
from typing import TYPE_CHECKING

from llmops.domain.configuration import Configuration
from llmops.executors.batches import lay_out
from llmops.executors.judging import Judge
from llmops.executors.local import Job, Sweep
from llmops.executors.racing import Course

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from llmops.domain.flow import Step
    from llmops.domain.run import Trial
    from llmops.experiment import Experiment, RunDataset
    from llmops.store import RunReader

    _Row = Mapping[str, object]
    _Rows = tuple[_Row, Mapping[str, _Row]]
    """A line, and the row that every evaluator reads beside it."""


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
                rows = enumerate(islice(self._rows(used), self.limit))
                yield from self._lines(sweep, rows, self._of(used.name, number), number)

    def course(self, used: RunDataset, batch: int) -> Course:
        """Return the dataset as it is raced over; its lines are kept in memory."""
        sweep = self._sweep(used)
        rows = list(islice(self._rows(used), self.limit))

        def jobs(lines: Sequence[int], configurations: Collection[str]) -> Iterator[Job]:
            for number in range(self.experiment.repeats):
                trials = [
                    trial
                    for trial in self._of(used.name, number)
                    if trial.configuration.id in configurations
                ]
                chosen = ((line, rows[line]) for line in lines)
                yield from self._lines(sweep, chosen, trials, number)

        batches = lay_out((data for data, _ in rows), self.done.analysis, batch)
        return Course(dataset=used.name, batches=batches, jobs=jobs)

    def settled(self) -> int:
        """Return the number of lines times repeats that need nothing more."""
        wanted: dict[tuple[str, int], list[str]] = {}
        for trial in self.trials:
            wanted.setdefault((trial.dataset, trial.repeat), []).append(trial.id)
        stopped = self.done.stopped()
        idle = {
            trial.id for trial in self.trials if (trial.dataset, trial.configuration.id) in stopped
        }
        return sum(
            all(
                self._settled(results.get(trial)) or (trial in idle and trial not in results)
                for trial in wanted.get((dataset, number), ())
            )
            for (dataset, _, number), results in self.done.completed().items()
        )

    def total(self) -> int:
        """Return the number of lines times repeats, done ones included."""
        return self.experiment.repeats * sum(
            used.count(self.limit) for used in self.experiment.datasets
        )

    def _of(self, dataset: str, number: int) -> list[Trial]:
        """Return the trials of a dataset and repeat."""
        return [each for each in self.trials if (each.dataset, each.repeat) == (dataset, number)]

    def _lines(
        self, sweep: Sweep, rows: Iterable[tuple[int, _Rows]], trials: Sequence[Trial], number: int
    ) -> Iterator[Job]:
        completed = self.done.completed()
        for line, (data, judge_rows) in rows:
            results = completed.get((sweep.dataset, line, number), {})
            wanted = [trial for trial in trials if not self._settled(results.get(trial.id))]
            if wanted:
                yield Job(
                    sweep=sweep,
                    line=line,
                    repeat=number,
                    data=data,
                    trials=wanted,
                    judge_rows=judge_rows,
                    recorded=self.done.calls(sweep.dataset, line, number),
                )

    def _settled(self, good: bool | None) -> bool:
        return good is True or (good is False and not self.retry_errors)

    def _rows(self, used: RunDataset) -> Iterator[_Rows]:
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
                    repeats=evaluator.repeats,
                )
                for evaluator in self.experiment.evaluators
                if (judged := evaluator.datasets.get(used.name))
            ],
        )
