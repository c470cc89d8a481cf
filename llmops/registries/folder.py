"""Releases as read-only folders: `reports/releases/<name>/<number>/`."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from llmops.canonical import digest
from llmops.domain.release import Release
from llmops.errors import ApprovalError, ConfigError, Fault
from llmops.store.appending import cannot_write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILE: Final = "release.json"
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*")
_NUMBER: Final = re.compile(r"[1-9][0-9]*")


def releases_folder(project: Path) -> Path:
    """Return where a project's releases are."""
    return project / "reports" / "releases"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRegistry:
    """The releases below a folder; a release is there whole or not at all."""

    root: Path

    def add(
        self, name: str, write: Callable[[Path, int], Mapping[str, Any]], after: int = 0
    ) -> Release:
        """Store the next release of a name, with a number above `after`.

        `write` fills a folder for the number it is given and returns the fields of the release but
        for its files and its digest.

        Raises:
            ConfigError: when the name can't be that of a folder.
            LLMOpsError: when it cannot be written.
        """
        if not _NAME.fullmatch(name):
            allowed = "letters, digits, '-', '_' and '.', a letter or digit first"
            raise ConfigError([Fault(where="name", seen=repr(name), allowed=allowed)])
        home = self.root / name
        try:
            home.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=home))
            try:
                return self._add(draft, name, write, after)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            raise cannot_write(home, error, "nothing was registered; mend this first") from error

    def _add(
        self, draft: Path, name: str, write: Callable[[Path, int], Mapping[str, Any]], after: int
    ) -> Release:
        while True:
            number = max([after, *self._numbers(name)]) + 1
            content = {**write(draft, number), "files": _files(draft)}
            (draft / FILE).write_bytes(_written({**content, "digest": digest(content)}))
            if self._claimed(draft, self.folder(name, number)):
                return self.load(name, number)

    def load(self, name: str, number: int) -> Release:
        """Return a release whose every file is as it was when it was made.

        Raises:
            ConfigError: when there is none.
            ApprovalError: naming each file that differs.
        """
        if (name, number) not in self.releases(name):
            raise self._unknown(name, number)
        folder = self.folder(name, number)
        where = f"release {name}/{number}"
        try:
            text = (folder / FILE).read_bytes()
            raw = cast("dict[str, Any]", json.loads(text))
            fields = {key: tuple(raw[key]) for key in ("outputs", "connections")}
            release = _release({**raw, **fields})
            changed = [*_changes(release, _files(folder, but=FILE))]
            content = {key: value for key, value in raw.items() if key != "digest"}
            if digest(content) != release.digest or _written(raw) != text:
                changed.append(f"{FILE} has changed")
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise ApprovalError(f"{where}: {FILE} cannot be read: {error}") from None
        if release.label != f"{name}/{number}":
            changed.append(f"it is {release.label}, moved here")
        if changed:
            raise ApprovalError("\n".join(f"{where}: {each}" for each in changed))
        return release

    def folder(self, name: str, number: int) -> Path:
        """Return where a release is, or would be."""
        return self.root / name / str(number)

    def releases(self, name: str = "") -> tuple[tuple[str, int], ...]:
        """Return names and numbers, in order; all names without one."""
        names = [each for each in self._names() if not name or each == name]
        return tuple((each, number) for each in names for number in self._numbers(each))

    def delete(self, name: str, number: int) -> None:
        """Remove a release.

        Raises:
            ConfigError: when there is none.
        """
        if (name, number) not in self.releases(name):
            raise self._unknown(name, number)
        folder = self.folder(name, number)
        gone = Path(tempfile.mkdtemp(prefix=".deleted-", dir=self.root / name))
        folder.chmod(stat.S_IRWXU)
        folder.rename(gone / "release")
        for path in gone.rglob("*"):
            path.chmod(stat.S_IRWXU)
        shutil.rmtree(gone)

    def _names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if path.is_dir())

    def _numbers(self, name: str) -> list[int]:
        home = self.root / name
        found = home.iterdir() if home.is_dir() else ()
        return sorted(int(path.name) for path in found if _NUMBER.fullmatch(path.name))

    @staticmethod
    def _claimed(draft: Path, place: Path) -> bool:
        """Move the draft to its place; False when another process took the number."""
        for path in draft.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            draft.rename(place)
        except OSError:
            if not place.exists():
                raise
            for path in (draft, *draft.rglob("*")):
                path.chmod(stat.S_IRWXU)
            for path in draft.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            return False
        place.chmod(0o555)
        return True

    def _unknown(self, name: str, number: int) -> ConfigError:
        labels = ", ".join(f"{each}/{at}" for each, at in self.releases())
        known = f"allowed: {labels}" if labels else "there is none"
        return ConfigError([Fault(where=f"{name}/{number}", seen="no such release", allowed=known)])


def _written(content: Mapping[str, Any]) -> bytes:
    """Return the one form in which a release's file is stored."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _release(fields: dict[str, Any]) -> Release:
    return Release(**fields)


def _files(folder: Path, but: str = "") -> dict[str, dict[str, object]]:
    return dict(sorted(_each_file(folder, but)))


def _each_file(folder: Path, but: str) -> Iterator[tuple[str, dict[str, object]]]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or (path.is_file() and name != but):
            content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
            sha256 = hashlib.sha256(content).hexdigest()
            yield name, {"size": len(content), "sha256": sha256}


def _changes(release: Release, files: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    for name in sorted({*files, *release.files}):
        if name not in files:
            yield f"{name} is gone"
        elif name not in release.files:
            yield f"{name} is new"
        elif files[name] != release.files[name]:
            yield f"{name} has changed"
