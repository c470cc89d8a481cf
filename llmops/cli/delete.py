"""`llmops delete`: take deployments away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project
from llmops.cli.rollout import DryRun, Environment, Experiment, Overrides, Why, address, carry_out


def delete(
    experiment: Experiment,
    deployment: Annotated[str, typer.Argument(help="A deployment without traffic.")] = "",
    *,
    env: Environment,
    everything: Annotated[
        bool, typer.Option("--all", help="All deployments, and the endpoint.")
    ] = False,
    reason: Why = "",
    override: Overrides = None,
    dry_run: DryRun = False,
    project: Project = Path(),
) -> None:
    """Delete a deployment that has no traffic, or a whole endpoint; logs are kept."""
    from llmops.errors import ConfigError, Fault
    from llmops.pipeline.delete import delete as verb

    if everything == bool(deployment):
        fault = Fault(where="delete", seen="name one deployment, or --all", allowed="one of both")
        raise ConfigError([fault])
    carry_out(
        project,
        lambda: address(project, experiment, env, override),
        lambda endpoint: verb(endpoint, deployment, reason, dry_run=dry_run),
        dry_run=dry_run,
    )
