"""`llmops register`: make an approved configuration a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project, Run


def register(
    run: Run,
    *,
    env: Annotated[str, typer.Option(help="The environment that it was approved for.")],
    name: Annotated[str, typer.Option(help="Default: the experiment's name.")] = "",
    project: Project = Path(),
) -> None:
    """Store the approved configuration of a run as an immutable, numbered release."""
    from llmops.pipeline.register import register as store
    from llmops.registries.folder import FolderRegistry, releases_folder
    from llmops.store import find_run

    root = project.resolve()
    release = store(root, find_run(root, run), env, name)
    folder = FolderRegistry(root=releases_folder(root)).folder(release.name, release.number)
    print(f"release {release.label}: {release.configuration['label']}")
    print(f"digest {release.digest}\n{folder}")
