"""`llmops schema`: the JSON schema of a file, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def schema(
    file: Annotated[
        Literal["experiment", "deployment"], typer.Argument(help="Of which .yaml.")
    ] = "experiment",
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write here instead of printing.")
    ] = None,
) -> None:
    """Print the JSON schema of experiment.yaml or deployment.yaml."""
    if file == "deployment":
        from llmops.deployment.schema import schema_text
    else:
        from llmops.experiment.schema import schema_text

    if output is None:
        typer.echo(schema_text(), nl=False)
    else:
        output.write_text(schema_text(), encoding="utf-8")
