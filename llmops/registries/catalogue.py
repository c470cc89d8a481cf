"""The releases with what the ledger says of them: stages, tags, use, deletion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, cast

from llmops import ledger
from llmops.errors import ApprovalError, ConfigError, Fault, TargetError
from llmops.registries.folder import FolderRegistry, releases_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.ledger import LedgerRecord
    from llmops.domain.release import Release

_WORD: Final = re.compile(r"[A-Za-z][\w.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A release in a list; `run` is where it came from."""

    label: str
    run: str
    stages: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A project's releases; `actor` is who changes them."""

    project: Path
    actor: str

    def entries(self) -> tuple[Entry, ...]:
        """Return all releases, by name and number."""
        runs = {
            str(entry.body["release"]): str(entry.body["run"])
            for entry in self._records
            if entry.kind == "release"
        }
        return tuple(
            Entry(
                label=f"{name}/{number}",
                run=runs.get(f"{name}/{number}", "not in the ledger"),
                stages=self._marks("stage", f"{name}/{number}"),
                tags=self._marks("tag", f"{name}/{number}"),
            )
            for name, number in self._registry.releases()
        )

    def load(self, label: str) -> Release:
        """Return a release by `<name>/<number>`, `<name>/<tag>` or `<name>/<stage>`, verified.

        Raises:
            ConfigError: when there is none.
            ApprovalError: when its files are not what was registered.
        """
        release = self._registry.load(*self._place(label))
        registered = {
            str(entry.body["release"]): entry.body["digest"]
            for entry in self._records
            if entry.kind == "release"
        }
        if registered.get(release.label) != release.digest:
            raise ApprovalError(f"release {release.label}: it is not what the ledger registered")
        return release

    def mark(self, label: str, part: Literal["stage", "tag"], word: str) -> None:
        """Record a stage or a tag; it leaves any other release of the name.

        Raises:
            ConfigError: when there is no such release, or the word is none.
        """
        if not _WORD.fullmatch(word):
            allowed = "a word that starts with a letter"
            raise ConfigError([Fault(where=part, seen=repr(word), allowed=allowed)])
        release = self.load(label)
        ledger.append(self.project, "stage", {"release": release.label, part: word}, self.actor)

    def delete(self, label: str) -> None:
        """Delete a release and record it.

        Raises:
            ConfigError: when there is none.
            TargetError: when a deployment uses it.
        """
        name, number = self._place(label)
        label = f"{name}/{number}"
        if used := self._uses(label):
            raise TargetError(f"{label}: in use by {', '.join(used)}; delete the deployment first")
        if (name, number) not in self._registry.releases(name):
            self._registry.load(name, number)
        ledger.append(self.project, "deletion", {"release": label}, self.actor)
        self._registry.delete(name, number)

    @cached_property
    def _registry(self) -> FolderRegistry:
        return FolderRegistry(root=releases_folder(self.project))

    @property
    def _records(self) -> tuple[LedgerRecord, ...]:
        return ledger.verify(self.project).records

    def _place(self, label: str) -> tuple[str, int]:
        name, _, which = label.rpartition("/")
        if which.isdecimal() and name:
            return name, int(which)
        for known, number in self._registry.releases(name) if name else ():
            marks = self._marks("tag", f"{known}/{number}")
            if which in (*marks, *self._marks("stage", f"{known}/{number}")):
                return known, number
        known = ", ".join(f"{each}/{at}" for each, at in self._registry.releases())
        raise ConfigError(
            [Fault(where=label, seen="no such release", allowed=known or "there is none")]
        )

    def _marks(self, part: str, label: str) -> tuple[str, ...]:
        """Return the words that the release bears now: the last record for each word counts."""
        name = label.rpartition("/")[0]
        bearer: dict[str, str] = {}
        for entry in self._records:
            owner = str(entry.body.get("release", ""))
            if entry.kind == "stage" and part in entry.body and owner.rpartition("/")[0] == name:
                bearer[str(entry.body[part])] = owner
        return tuple(word for word, owner in bearer.items() if owner == label)

    def _uses(self, label: str) -> tuple[str, ...]:
        """Return the endpoints whose latest traffic record names the release."""
        latest: dict[str, Mapping[str, object]] = {}
        for entry in self._records:
            if entry.kind in ("traffic", "rollback"):
                endpoint = str(entry.body.get("endpoint", ""))
                latest[endpoint] = cast("Mapping[str, object]", entry.body.get("releases", {}))
        return tuple(endpoint for endpoint, used in latest.items() if label in used.values())
