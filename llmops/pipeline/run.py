"""Runs the trials of an experiment and leaves the evidence of every call and line on disk."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

from llmops.domain.report import resolve_metric
from llmops.executors.local import LocalExecutor
from llmops.executors.racing import Race, Rules
from llmops.experiment import outputs_by_name

if TYPE_CHECKING:
    from llmops.store import RunWriter
    from llmops.trial_context import Resources
    from llmops.work import Work


async def run(work: Work, resources: Resources, writer: RunWriter) -> None:
    """Do the work; whatever ends it is recorded as an event.

    Raises:
        asyncio.CancelledError: when it was interrupted.
        LLMOpsError: when the evidence cannot be written, or a race cannot count a score.
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
        await _answer(work, executor, writer)
    except asyncio.CancelledError:
        writer.write_event("interrupted")
        raise
    except Exception as failure:
        writer.write_event("failed", reason=f"{type(failure).__name__}: {failure}")
        raise
    writer.write_event("budget_exhausted" if resources.budget.exhausted else "completed")


async def _answer(work: Work, executor: LocalExecutor, writer: RunWriter) -> None:
    """Run every line, or race over them where the run was planned so."""
    rules = _rules(work)
    if rules is None:
        await executor.run(work.jobs())
        return
    race = Race(rules, work.trials, work.done.stopped())
    for record in work.done.lines():
        race.scores.add(record)
    courses = (work.course(used, rules.racing.batch) for used in work.experiment.datasets)
    await race.run(executor, courses, lambda stop: writer.write_event("stopped", **asdict(stop)))


def _rules(work: Work) -> Rules | None:
    """Return what stops a variant, as stated before the run; None where all lines are to run."""
    analysis, experiment = work.done.analysis, work.experiment
    if analysis.racing is None or analysis.objective is None:
        return None
    outputs = outputs_by_name(experiment.evaluators)
    evaluator, output = outputs[resolve_metric(analysis.objective.metric, outputs)]
    return Rules(
        racing=analysis.racing,
        evaluator=evaluator,
        output=output,
        direction=analysis.objective.direction,
        baseline=experiment.baseline.id,
        alpha=analysis.alpha,
    )
