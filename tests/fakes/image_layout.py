"""What an image has, laid out in a folder: the packages of its list, its wheel, its release."""

from __future__ import annotations

import zipfile
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def lay_out(context: Path, folder: Path) -> None:
    """Link the installed packages that the list names, and unpack the wheel, nothing else."""
    for line in (context / "requirements.txt").read_text().splitlines():
        for file in metadata.files(line.partition("==")[0]) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                place = folder / file
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(str(file.locate()))
    (wheel,) = context.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
