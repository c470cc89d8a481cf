"""`llmops deploy`: put a release behind its endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project
from llmops.cli.rollout import DryRun, Environment, Overrides, Why, carry_out


def deploy(
    release: Annotated[str, typer.Argument(help="<name>/<number>, or a name and a tag or stage.")],
    *,
    env: Environment,
    experiment: Annotated[
        str, typer.Option(help="Whose deployment.yaml. Default: that of the release's run.")
    ] = "",
    name: Annotated[str, typer.Option(help="The deployment. Default: <release>-<number>.")] = "",
    traffic: Annotated[
        int | None,
        typer.Option(min=0, max=100, help="Its share in percent. Default: the plan's first step."),
    ] = None,
    reason: Why = "",
    override: Overrides = None,
    dry_run: DryRun = False,
    project: Project = Path(),
) -> None:
    """Start a release at 0 %, wait until it is ready, try it, and only then give it traffic."""
    from llmops.pipeline.deploy import Order, address_of
    from llmops.pipeline.deploy import deploy as verb

    order = Order(
        project=project.resolve(),
        release=release,
        environment=env,
        experiment=Path(experiment).name,
        name=name,
        percent=traffic,
        overrides=override or (),
        reason=reason,
    )
    carry_out(
        project,
        lambda: address_of(order),
        lambda endpoint: verb(
            endpoint, order, lambda line: print(line, flush=True), dry_run=dry_run
        ),
        dry_run=dry_run,
    )
