"""`llmops render`: the Kubernetes manifests of a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project
from llmops.cli.rollout import Environment, Overrides, percentages


def render(
    release: Annotated[str, typer.Argument(help="<name>/<number>, or a name and a tag or stage.")],
    *,
    env: Environment,
    experiment: Annotated[
        str, typer.Option(help="Whose deployment.yaml. Default: that of the release's run.")
    ] = "",
    name: Annotated[str, typer.Option(help="The deployment. Default: <release>-<number>.")] = "",
    traffic: Annotated[
        list[str] | None,
        typer.Option(help="A share: reviews-1=90. Repeatable. Default: as the ledger has it."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A folder. Default: print them.", file_okay=False),
    ] = None,
    override: Overrides = None,
    project: Project = Path(),
) -> None:
    """Write what deploying a release to Kubernetes would apply, and apply nothing."""
    from llmops.pipeline.render import Wish
    from llmops.pipeline.render import render as stage

    wish = Wish(
        release=release,
        environment=env,
        experiment=Path(experiment).name,
        name=name,
        shares=percentages(traffic or (), "--traffic"),
        overrides=override or (),
    )
    files = stage(project.resolve(), wish)
    if output is None:
        print("---\n".join(files.values()), end="")
        return
    output.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (output / file).write_text(text, encoding="utf-8")
        print(output / file)
