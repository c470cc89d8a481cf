"""`llmops promote`: the next step of the traffic plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project
from llmops.cli.rollout import DryRun, Environment, Experiment, Overrides, address, carry_out


def promote(
    experiment: Experiment,
    deployment: Annotated[
        str, typer.Argument(help="Default: the one that was deployed last.")
    ] = "",
    *,
    env: Environment,
    to: Annotated[
        int | None, typer.Option(min=0, max=100, help="Percent. Default: the plan's next step.")
    ] = None,
    anyway: Annotated[
        str, typer.Option(help="Why to go on before the plan's conditions hold.")
    ] = "",
    override: Overrides = None,
    dry_run: DryRun = False,
    project: Project = Path(),
) -> None:
    """Give a deployment more of the traffic, as far as plan, monitoring and approval allow."""
    from llmops.pipeline.promote import Step
    from llmops.pipeline.promote import promote as verb

    step = Step(deployment=deployment, percent=to, anyway=anyway)
    carry_out(
        project,
        lambda: address(project, experiment, env, override),
        lambda endpoint: verb(endpoint, step, dry_run=dry_run),
        dry_run=dry_run,
    )
