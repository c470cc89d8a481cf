"""`llmops run`: plan, run, score and report, in one go."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmops.cli.options import Env, Folder, Limit, Select, Set
from llmops.cli.progress import shown
from llmops.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.report import RunReport
    from llmops.domain.run import Trial
    from llmops.experiment import Experiment
    from llmops.store import RunReader, RunWriter


def run(
    experiment: Folder,
    *,
    env: Env = None,
    select: Select = None,
    limit: Limit = None,
    set_: Set = None,
    resume: Annotated[
        str | None,
        typer.Option(help="Go on with this run: its id, its folder, or 'latest'."),
    ] = None,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="With --resume: run failed lines again.")
    ] = False,
) -> None:
    """Run every combination on every dataset, judge the lines and write a report."""
    from llmops.experiment import load
    from llmops.pipeline.plan import plan
    from llmops.pipeline.report import report

    loaded = load(experiment, env=env, overrides=set_ or ())
    trials = plan(loaded, select=select or (), limit=limit).trials
    writer, done = _evidence(loaded, trials, limit, resume)
    try:
        _answer(loaded, trials, writer, done, limit=limit, retry_errors=retry_errors)
    except asyncio.CancelledError:
        message = f"interrupted; what was answered is kept\n{_how_to_resume(experiment, writer)}"
        raise Interrupted(message) from None
    finally:
        writer.close()
    written = report(writer.folder)
    _print_finding(written.numbers)
    print(f"report: {written.html}")
    if written.numbers.status == "budget_exhausted":
        print(f"the budget is spent before all lines ran\n{_how_to_resume(experiment, writer)}")


def _evidence(
    experiment: Experiment, trials: Sequence[Trial], limit: int | None, resume: str | None
) -> tuple[RunWriter, RunReader]:
    """Open the run's folder for writing, with what it holds already."""
    from llmops.evidence import manifest, new_run_id, require_same
    from llmops.store import RunReader, RunWriter, find_run

    reports = experiment.project / "reports"
    run_id = new_run_id()
    stated = manifest(experiment, trials, run_id=run_id, limit=limit, command=sys.argv[1:])
    if resume is None:
        folder = reports / experiment.name / run_id
        writer = RunWriter.create(folder, stated, experiment.secrets)
    else:
        folder = find_run(experiment.project, resume)
        require_same(RunReader(folder).manifest, stated)
        writer = RunWriter.reopen(folder, experiment.secrets)
    return writer, RunReader(folder)


def _answer(
    experiment: Experiment,
    trials: Sequence[Trial],
    writer: RunWriter,
    done: RunReader,
    *,
    limit: int | None,
    retry_errors: bool,
) -> None:
    """Run and score in one session, with the progress on standard error."""
    from llmops.concurrency import run_interruptible
    from llmops.pipeline.run import Work, configure, run
    from llmops.pipeline.score import score
    from llmops.progress import Progress
    from llmops.session import open_session
    from llmops.store import RunReader

    progress = Progress()
    steps = configure(experiment, trials)
    work = Work(
        experiment=experiment,
        trials=trials,
        steps=steps,
        done=done,
        limit=limit,
        retry_errors=retry_errors,
    )

    async def stages() -> None:
        async with open_session(experiment, done.spent(), progress) as resources:
            with shown(progress, sys.stderr, experiment.currency):
                await run(work, resources, writer)
            metrics = await score(RunReader(writer.folder), steps.flow, steps.judges, resources)
            writer.write_metrics(metrics)

    run_interruptible(stages())


def _print_finding(numbers: RunReport) -> None:
    from llmops.reporters.html.wording import finding

    found = finding(numbers)
    print(found.title)
    for best in numbers.best:
        print(f"  {best.key}: {best.label}")
    for caveat in found.caveats:
        print(caveat)


def _how_to_resume(experiment: Path, writer: RunWriter) -> str:
    return f"to go on: llmops run {experiment} --resume {writer.folder.name}"
