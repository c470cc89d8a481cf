"""`llmops monitor`: look at what an endpoint answered, and say what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmops.cli.options import Project
from llmops.cli.rollout import Environment, Experiment, Overrides

if TYPE_CHECKING:
    from llmops.monitoring.watch import Order
    from llmops.pipeline.monitor import Watched


def monitor(
    experiment: Experiment,
    *,
    env: Environment,
    log: Annotated[
        Path | None,
        typer.Option(help="The production log: a folder with one for each deployment."),
    ] = None,
    since: Annotated[str, typer.Option(help="Count requests from this time on, in ISO 8601.")] = "",
    override: Overrides = None,
    project: Project = Path(),
) -> None:
    """Check the split, judge and compare the deployments, look for drift, propose the next step."""
    from llmops.monitoring.watch import Order

    order = Order(
        project=project.resolve(),
        experiment=Path(experiment).name,
        environment=env,
        log=log.resolve() if log else None,
        since=_seconds(since) if since else None,
        overrides=override or (),
    )
    watched = _looked(order)
    found = watched.found
    for note in found.notes:
        print(f"note: {note}")
    for each in found.drift:
        if each.drifted:
            print(f"warning: {each.sentence}")
    print(f"{found.endpoint}: {found.proposal.action}: {found.proposal.sentence}")
    for reason in found.proposal.reasons:
        print(f"  {reason}")
    if found.proposal.command:
        print(f"next: {found.proposal.command}")
    print(f"report: {watched.folder}")
    _end(watched)


def _looked(order: Order) -> Watched:
    import asyncio
    import sys

    from llmops.cli.progress import shown
    from llmops.concurrency import run_interruptible
    from llmops.errors import Interrupted
    from llmops.pipeline.monitor import monitor as look
    from llmops.progress import Progress

    progress = Progress()
    try:
        with shown(progress, sys.stderr, ""):
            return run_interruptible(look(order, progress))
    except asyncio.CancelledError:
        raise Interrupted("interrupted; what was judged is kept, look again to go on") from None


def _seconds(since: str) -> float:
    from llmops.errors import ConfigError, Fault
    from llmops.monitoring.production import seconds_of

    try:
        return seconds_of(since)
    except ValueError:
        fault = Fault(where="--since", seen=repr(since), allowed="2027-01-31T08:00:00+00:00")
        raise ConfigError([fault]) from None


def _end(watched: Watched) -> None:
    """Exit 4 for a rollback, 6 for a broken split, 1 where somebody could not be told."""
    from llmops.errors import GateError, LLMOpsError, TargetError

    proposal = watched.found.proposal
    lines = [f"{watched.found.endpoint}: {proposal.sentence}", *watched.problems]
    if proposal.action == "rollback":
        raise GateError("\n".join(lines))
    if proposal.action == "stopped":
        raise TargetError("\n".join(lines))
    if watched.problems:
        raise LLMOpsError("\n".join(watched.problems))
