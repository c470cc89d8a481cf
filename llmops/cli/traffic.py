"""`llmops traffic`: share an endpoint's requests out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project
from llmops.cli.rollout import (
    DryRun,
    Environment,
    Experiment,
    Overrides,
    Shares,
    Why,
    address,
    carry_out,
    percentages,
)


def traffic(
    experiment: Experiment,
    shares: Shares,
    *,
    env: Environment,
    mirror: Annotated[
        list[str] | None,
        typer.Option(help="Percent of the others' requests to copy to it: reviews-2=20."),
    ] = None,
    reason: Why = "",
    override: Overrides = None,
    dry_run: DryRun = False,
    project: Project = Path(),
) -> None:
    """Give each deployment its percentage, 100 together; no request is dropped."""
    from llmops.pipeline.traffic import traffic as verb

    percent, copies = percentages(shares, "traffic"), percentages(mirror or (), "--mirror")
    carry_out(
        project,
        lambda: address(project, experiment, env, override),
        lambda endpoint: verb(endpoint, percent, copies, reason, dry_run=dry_run),
        dry_run=dry_run,
    )
