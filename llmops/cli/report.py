"""`llmops report`: write the report of a run again, from its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RUN = typer.Argument(help="A run: <experiment>/<run id>, its id, its folder, or 'latest'.")


def report(
    run: Annotated[str, RUN] = "latest",
    *,
    project: Annotated[
        Path, typer.Option(help="The folder that holds reports/.", file_okay=False)
    ] = Path(),
) -> None:
    """Write everything that people and programs read of a run again."""
    from llmops.pipeline.report import report as write
    from llmops.store import find_run

    written = write(find_run(project.resolve(), run))
    print(written.comparison.decision.sentence)
    for path in written.files:
        print(path)
