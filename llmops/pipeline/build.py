"""Makes an image of a release."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmops.container.build import Order, push, require_tags
from llmops.container.build import build as build_image
from llmops.container.containerfile import BASE_IMAGE
from llmops.container.context import write_context
from llmops.container_engine import find_engine
from llmops.registries.catalogue import Catalogue
from llmops.registries.folder import FolderRegistry, releases_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from llmops.container_engine import EngineName
    from llmops.domain.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What was built; `pushed` is the registry's digest by tag."""

    tags: tuple[str, ...]
    digest: str
    pushed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for; without tags it is the release's name and number.

    `folder` keeps what it is built from; without one that is gone afterwards.
    """

    release: str
    tags: tuple[str, ...] = ()
    base: str = BASE_IMAGE
    all_packages: bool = False
    folder: Path | None = None
    engine: EngineName | None = None
    pip_conf: Path | None = None
    push: bool = False


def write(project: Path, wish: Wish, folder: Path) -> Release:
    """Write what the image is built from and return its release, verified against the ledger.

    Raises:
        ConfigError: when there is none, or it cannot be built here.
        ApprovalError: when it is not what was registered.
    """
    release = Catalogue(project=project, actor="").load(wish.release)
    source = FolderRegistry(root=releases_folder(project)).folder(release.name, release.number)
    write_context(release, source, folder, wish.base, all_packages=wish.all_packages)
    return release


async def build(project: Path, wish: Wish, tell: Callable[[str], None]) -> Image:
    """Build the image, and push it where that is asked for; `tell` gets the engine's lines.

    Raises:
        ConfigError: when there is no such release, or it cannot be built here.
        ApprovalError: when it is not what was registered.
        TargetError: when no engine can be used, or the one that is fails.
    """
    with _folder(wish) as folder:
        release = write(project, wish, folder)
        tags = wish.tags or (f"{release.name.lower()}:{release.number}",)
        require_tags(tags)
        engine = await find_engine(wish.engine)
        order = Order(context=folder, tags=tags, pip_conf=wish.pip_conf)
        digest = await build_image(engine, order, tell)
        pushed = [(tag, await push(engine, tag, tell)) for tag in tags if wish.push]
        return Image(tags=tags, digest=digest, pushed=tuple(pushed))


@contextmanager
def _folder(wish: Wish) -> Generator[Path]:
    if wish.folder:
        yield wish.folder
    else:
        with tempfile.TemporaryDirectory(prefix="llmops-build-") as folder:
            yield Path(folder)
