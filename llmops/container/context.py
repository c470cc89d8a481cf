"""The folder that an image is built from: nothing is in it that does not go into the image."""

from __future__ import annotations

import shutil
from importlib import metadata
from typing import TYPE_CHECKING, Final

from llmops.container.containerfile import BASE_IMAGE, HEADER, Recipe, containerfile
from llmops.container.packages import (
    FLOW_REQUIREMENTS,
    REQUIREMENTS,
    is_embedded,
    needed_packages,
    read_pins,
)
from llmops.container.wheel import write_wheel
from llmops.errors import ConfigError, Fault
from llmops.registries.folder import FILE, FolderRegistry

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.release import Release

CONTAINERFILE: Final = "Containerfile"
_IGNORED: Final = f"*\n!{REQUIREMENTS}\n!*.whl\n!release\n"


def write_context(
    release: Release,
    source: Path,
    folder: Path,
    base: str = BASE_IMAGE,
    *,
    all_packages: bool = False,
) -> None:
    """Write what the release in `source` is built from; what was written before is replaced.

    Raises:
        ConfigError: when this is not the llmops it was measured with, or packages are missing.
        ApprovalError: when the copy is not what was registered.
    """
    pins = read_pins(release, source)
    _require_same_llmops(release, pins["llmops"])
    if all_packages:
        packages = [f"{name}=={version}" for name, version in pins.items() if name != "llmops"]
    else:
        packages = needed_packages(release, source, pins)
    _clear(folder)
    wheel = write_wheel(folder)
    _copy(release, source, folder / "release")
    (folder / REQUIREMENTS).write_text("\n".join(packages) + "\n", encoding="utf-8")
    (folder / ".containerignore").write_text(_IGNORED, encoding="utf-8")
    recipe = Recipe(
        release=release,
        wheel=wheel.name,
        base=base,
        flow_requirements=FLOW_REQUIREMENTS if (source / FLOW_REQUIREMENTS).is_file() else "",
        embedded=is_embedded(release, source),
    )
    (folder / CONTAINERFILE).write_text(containerfile(recipe), encoding="utf-8")


def _require_same_llmops(release: Release, measured: str) -> None:
    here = metadata.version("llmops")
    if measured != here:
        fault = Fault(
            where=f"release {release.label}",
            seen=f"it was measured with llmops {measured}, this is {here}",
            allowed="what was measured is what is served",
            next_step=f"build it with llmops=={measured}",
        )
        raise ConfigError([fault])


def _clear(folder: Path) -> None:
    """Have an empty folder; only one that was written here is emptied."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return
    file = folder / CONTAINERFILE
    if not file.is_file() or not file.read_text(encoding="utf-8").startswith(HEADER):
        seen = "the folder has other files"
        raise ConfigError([Fault(where=str(folder), seen=seen, allowed="an empty or new folder")])
    shutil.rmtree(folder)
    folder.mkdir()


def _copy(release: Release, source: Path, releases: Path) -> None:
    """Copy a release where any user can read it, and see that it still is what it was."""
    registry = FolderRegistry(root=releases)
    target = registry.folder(release.name, release.number)
    for name in (FILE, *release.files):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, place, follow_symlinks=False)
    for path in (releases, *releases.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    registry.load(release.name, release.number)
