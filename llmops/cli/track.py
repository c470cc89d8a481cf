"""`llmops track`: a run, its numbers and its report on an MLflow server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project, Run


def track(
    run: Run = "latest",
    *,
    tracking_uri: Annotated[
        str,
        typer.Option(
            envvar="MLFLOW_TRACKING_URI", help="The MLflow server, e.g. http://host:5000."
        ),
    ],
    experiment: Annotated[
        str | None, typer.Option(help="The MLflow experiment. Default: the run's own.")
    ] = None,
    project: Project = Path(),
) -> None:
    """Log a run to MLflow; repeating it changes nothing."""
    from llmops.pipeline.track import track as log
    from llmops.store import find_run

    folder = find_run(project.resolve(), run)
    logged = log(folder, tracking_uri=tracking_uri, experiment=experiment)
    done = "logged" if logged.is_new else "was there already"
    print(f"run {folder.name} {done}, experiment {logged.experiment}: {logged.url}")
