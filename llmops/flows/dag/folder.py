"""The files of a flow: its folder, with what `additional_includes` lays over it."""

from __future__ import annotations

import atexit
import hashlib
import posixpath
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class FlowFolder:
    """The folder of a flow; `includes` and the nodes' `sources` are relative to it."""

    root: Path
    label: str
    includes: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()

    def faults(self) -> Iterator[Fault]:
        """Yield the includes that do not exist."""
        for include in self.includes:
            place = self._place(include)
            if not place.exists() and not _to_pack(place):
                where = f"{self.label}: additional_includes"
                yield Fault(where=where, seen=f"no file or folder {include!r}")

    @cached_property
    def files(self) -> dict[str, Path]:
        """Return every file by its path in the merged folder; later includes win."""
        found = {path.relative_to(self.root).as_posix(): path for path in _walk(self.root)}
        for include in self.includes:
            place = self._place(include)
            source = _to_pack(place) or place
            if source.is_file():
                found[place.name] = source
            else:
                found |= {
                    f"{place.name}/{path.relative_to(source).as_posix()}": path
                    for path in _walk(source)
                }
        for path in map(posixpath.normpath, self.sources):
            if path not in found and self._place(path).is_file():
                found[path] = self._place(path)
        return found

    @cached_property
    def digest(self) -> str:
        """Return the sha256 of every file's name and content."""
        total = hashlib.sha256()
        for name, path in sorted(self.files.items()):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{name}\0{content}\n".encode())
        return total.hexdigest()

    def has(self, source: str) -> bool:
        """Return whether a node's source is there."""
        return posixpath.normpath(source) in self.files

    def text(self, source: str) -> str:
        """Return the text of a node's source.

        Raises:
            ConfigError: when it is not UTF-8.
        """
        try:
            return self.files[posixpath.normpath(source)].read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ConfigError([Fault(where=f"{self.label}: {source}", seen="not UTF-8")]) from None

    @cached_property
    def merged(self) -> Path:
        """Return one folder with all files: the flow's own, or a copy that ends with the process.

        Tools find included files beside them, as in promptflow.
        """
        if not self.includes:
            return self.root
        merged = Path(tempfile.mkdtemp(prefix="flow-"))
        atexit.register(shutil.rmtree, merged, ignore_errors=True)
        for name, path in self.files.items():
            target = merged / name
            if target.is_relative_to(merged):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        for place in map(self._place, self.includes):
            if folder := _to_pack(place):
                shutil.rmtree(merged / place.name)
                shutil.make_archive(str(merged / place.stem), "zip", folder.parent, folder.name)
        return merged

    def _place(self, path: str) -> Path:
        return (self.root / path).resolve()


def _to_pack(place: Path) -> Path | None:
    """Return the folder that an include such as `../lib.zip` asks to have packed."""
    folder = place.with_suffix("")
    return folder if place.suffix == ".zip" and not place.exists() and folder.is_dir() else None


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below in order of name; what is hidden or compiled is left out."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__":
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path
