"""`llmops build`: make a container image of a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from llmops.cli.options import Project


def build(
    release: Annotated[
        str, typer.Argument(help="A release: <name>/<number>, or a name and a tag or stage.")
    ],
    *,
    tag: Annotated[
        list[str] | None, typer.Option(help="Default: <name>:<number>. Repeatable.")
    ] = None,
    base_image: Annotated[
        str, typer.Option(help="The image it is built on; pin it: NAME@sha256:DIGEST.")
    ] = "",
    engine: Annotated[
        Literal["docker", "podman", "buildah"] | None,
        typer.Option(help="Default: the first of these that can be used."),
    ] = None,
    pip_conf: Annotated[
        Path | None,
        typer.Option(help="pip's settings for the build only.", exists=True, dir_okay=False),
    ] = None,
    all_packages: Annotated[
        bool,
        typer.Option("--all-packages", help="All that were there when it was measured."),
    ] = False,
    push: Annotated[bool, typer.Option("--push", help="Push it to the tags' registry.")] = False,
    containerfile_only: Annotated[
        bool, typer.Option("--containerfile-only", help="Build nothing; needs --output.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Keep what it is built from there.", file_okay=False),
    ] = None,
    project: Project = Path(),
) -> None:
    """Build a container image that serves a release."""
    import asyncio

    from llmops.concurrency import run_interruptible
    from llmops.container.containerfile import BASE_IMAGE
    from llmops.errors import ConfigError, Fault, Interrupted
    from llmops.pipeline import build as stage

    wish = stage.Wish(
        release=release,
        tags=tuple(tag or ()),
        base=base_image or BASE_IMAGE,
        all_packages=all_packages,
        folder=output.resolve() if output else None,
        engine=engine,
        pip_conf=pip_conf.resolve() if pip_conf else None,
        push=push,
    )
    if containerfile_only:
        if not wish.folder:
            next_step = "say where it goes with --output"
            raise ConfigError(
                [Fault(where="--containerfile-only", seen="alone", next_step=next_step)]
            )
        stage.write(project.resolve(), wish, wish.folder)
        print(wish.folder / "Containerfile")
        return
    try:
        image = run_interruptible(
            stage.build(project.resolve(), wish, lambda line: typer.echo(line, err=True))
        )
    except asyncio.CancelledError:
        raise Interrupted(
            "interrupted; what the engine has kept makes the next build faster"
        ) from None
    for each in image.tags:
        print(f"image {each} {image.digest}")
    for each, digest in image.pushed:
        print(f"pushed {each}@{digest}")
