"""`llmops rollback`: give all traffic back to what had it before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project
from llmops.cli.rollout import DryRun, Environment, Experiment, Overrides, address, carry_out


def rollback(
    experiment: Experiment,
    *,
    env: Environment,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    override: Overrides = None,
    dry_run: DryRun = False,
    project: Project = Path(),
) -> None:
    """Return to the last deployment that had all traffic; needs no approval."""
    from llmops.pipeline.rollback import rollback as verb

    carry_out(
        project,
        lambda: address(project, experiment, env, override),
        lambda endpoint: verb(endpoint, reason, dry_run=dry_run),
        dry_run=dry_run,
    )
