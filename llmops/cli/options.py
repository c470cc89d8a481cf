"""What several commands take: which experiment or run, and which part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(help="An experiment's folder, or its YAML file.")]
Env = Annotated[str | None, typer.Option(help="Lay experiment.<env>.yaml over it.")]
Select = Annotated[
    list[str] | None,
    typer.Option(help="Only combinations that match, e.g. 'classify=few'. Repeatable."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first lines of each dataset.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a key, e.g. 'executor.max_concurrency=4'."),
]
Run = Annotated[
    str, typer.Argument(help="A run: <experiment>/<run id>, its id, its folder, or 'latest'.")
]
Project = Annotated[Path, typer.Option(help="The folder that holds reports/.", file_okay=False)]
