"""`llmops run`: plan, run, score and report, in one go."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmops.cli.announce import announce
from llmops.cli.options import Env, Folder, Limit, Select, Set
from llmops.cli.progress import shown
from llmops.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.run import Trial
    from llmops.experiment import Experiment
    from llmops.pipeline.report import Written
    from llmops.recording.recorder import Recorder
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
    record: Annotated[
        Path | None,
        typer.Option(help="Keep every request and its answer in this new file, to replay them."),
    ] = None,
) -> None:
    """Run every combination on every dataset, judge the lines and write a report."""
    from llmops.cli.stated import load_stated
    from llmops.evidence import manifest, new_run_id
    from llmops.pipeline.plan import plan
    from llmops.pipeline.record import record_outcome, record_plan
    from llmops.pipeline.report import report

    loaded, traffic_plans = load_stated(experiment, env, set_ or ())
    trials = plan(loaded, select=select or (), limit=limit).trials
    stated = manifest(
        loaded,
        trials,
        run_id=new_run_id(),
        limit=limit,
        command=sys.argv[1:],
        traffic_plans=traffic_plans,
    )
    writer, done, recorder = _evidence(loaded, stated, resume, record)
    try:
        record_plan(loaded.project, writer.folder)
        _answer(
            loaded, trials, writer, done, limit=limit, retry_errors=retry_errors, recorder=recorder
        )
    except asyncio.CancelledError:
        message = (
            f"interrupted; what was answered is kept\n{_how_to_resume(experiment, writer, record)}"
        )
        raise Interrupted(message) from None
    finally:
        writer.close()
    written = report(writer.folder)
    record_outcome(loaded.project, writer.folder, written.comparison)
    _print_finding(written)
    print(f"report: {written.html}")
    if line := announce(written.summary, os.environ):
        print(line)
    if written.numbers.status == "budget_exhausted":
        print("the budget is spent before all lines ran")
        print(_how_to_resume(experiment, writer, record))


def _evidence(
    experiment: Experiment, stated: Mapping[str, object], resume: str | None, record: Path | None
) -> tuple[RunWriter, RunReader, Recorder | None]:
    """Open the run's folder for writing, with what it holds already, and the recording."""
    from llmops.evidence import require_same
    from llmops.recording.recorder import Recorder
    from llmops.store import RunReader, RunWriter, find_run

    recorder = None
    if resume is None:
        run_id = str(stated["run_id"])
        folder = experiment.project / "reports" / experiment.name / run_id
        if record:
            names = [each.name for each in experiment.used_connections]
            recorder = Recorder.create(record, run_id, names, experiment.secrets)
        writer = RunWriter.create(folder, stated, experiment.secrets)
    else:
        folder = find_run(experiment.project, resume)
        require_same(RunReader(folder).manifest, stated)
        writer = RunWriter.reopen(folder, experiment.secrets)
        if record:
            recorder = Recorder.reopen(record, folder.name, experiment.secrets)
    return writer, RunReader(folder), recorder


def _answer(
    experiment: Experiment,
    trials: Sequence[Trial],
    writer: RunWriter,
    done: RunReader,
    *,
    limit: int | None,
    retry_errors: bool,
    recorder: Recorder | None,
) -> None:
    """Run and score in one session, with the progress on standard error."""
    from llmops.concurrency import run_interruptible
    from llmops.pipeline.run import run
    from llmops.pipeline.score import score
    from llmops.progress import Progress
    from llmops.session import open_session
    from llmops.store import RunReader
    from llmops.work import Work, configure

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
        async with open_session(experiment, done.spent(), progress, recorder) as resources:
            with shown(progress, sys.stderr, experiment.currency):
                await run(work, resources, writer)
            metrics = await score(RunReader(writer.folder), steps.flow, steps.judges, resources)
            writer.write_metrics(metrics)

    run_interruptible(stages())


def _print_finding(written: Written) -> None:
    print(written.comparison.decision.sentence)
    for gate in written.gates:
        if gate.status == "unmet":
            print(f"gate not met: {gate.sentence}")


def _how_to_resume(experiment: Path, writer: RunWriter, record: Path | None) -> str:
    recording = f" --record {record}" if record else ""
    return f"to go on: llmops run {experiment} --resume {writer.folder.name}{recording}"
