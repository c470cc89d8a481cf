"""`llmops releases`: what is registered, and where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmops.cli.options import Project

if TYPE_CHECKING:
    from llmops.registries.catalogue import Catalogue

releases = typer.Typer(
    name="releases",
    help="List, show, stage, tag and delete releases.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
Release = Annotated[str, typer.Argument(help="A release: <name>/<number>, or a name and a tag.")]


@releases.callback()
def listed(context: typer.Context, *, project: Project = Path()) -> None:
    """List all releases, the newest of each name last."""
    context.obj = project.resolve()
    if context.invoked_subcommand is not None:
        return
    catalogue = _catalogue(context)
    for entry in catalogue.entries():
        marks = ", ".join([*entry.stages, *(f"tag {tag}" for tag in entry.tags)])
        print(f"{entry.label}  {entry.run}" + (f"  ({marks})" if marks else ""))
    if not catalogue.entries():
        print("there is no release yet: llmops register RUN --env ENVIRONMENT")


@releases.command()
def show(context: typer.Context, release: Release) -> None:
    """Verify a release and print what it is."""
    import json
    from dataclasses import asdict

    print(json.dumps(asdict(_catalogue(context).load(release)), indent=2, ensure_ascii=False))


@releases.command()
def stage(
    context: typer.Context,
    release: Release,
    stage: Annotated[str, typer.Argument(help="Such as staging, production or archived.")],
) -> None:
    """Say where a release stands; another release of its name leaves that stage."""
    _catalogue(context).mark(release, "stage", stage)
    print(f"{release} is {stage}")


@releases.command()
def tag(
    context: typer.Context,
    release: Release,
    tag: Annotated[str, typer.Argument(help="A word; a later release can take it over.")],
) -> None:
    """Give a release a name that people remember."""
    _catalogue(context).mark(release, "tag", tag)
    print(f"{release} is tagged {tag}")


@releases.command()
def delete(context: typer.Context, release: Release) -> None:
    """Delete a release that no deployment uses."""
    _catalogue(context).delete(release)
    print(f"{release} is deleted")


def _catalogue(context: typer.Context) -> Catalogue:
    from llmops.evidence import author
    from llmops.registries.catalogue import Catalogue

    return Catalogue(project=context.obj, actor=author(context.obj) or "unknown")
