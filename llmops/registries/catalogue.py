"""The releases with what the ledger says of them: stages, tags, use, deletion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from llmops import ledger
from llmops.domain.endpoint_history import latest_changes
from llmops.errors import ApprovalError, ConfigError, Fault, TargetError
from llmops.registries.folder import FolderRegistry, releases_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.ledger import LedgerRecord
    from llmops.domain.release import Release

    Records = tuple[LedgerRecord, ...]

Part = Literal["stage", "tag"]
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
        records = self._records()
        runs = {
            str(entry.body["release"]): str(entry.body["run"])
            for entry in records
            if entry.kind == "release"
        }
        stages, tags = _bearers(records, "stage"), _bearers(records, "tag")
        labels = [f"{name}/{number}" for name, number in self._registry.releases()]
        return tuple(
            Entry(
                label=label,
                run=runs.get(label, "not in the ledger"),
                stages=_borne(stages, label),
                tags=_borne(tags, label),
            )
            for label in labels
        )

    def load(self, label: str) -> Release:
        """Return a release by `<name>/<number>`, `<name>/<tag>` or `<name>/<stage>`, verified.

        Raises:
            ConfigError: when there is none.
            ApprovalError: when its files are not what was registered, or the ledger is broken.
        """
        verified = ledger.verify(self.project)
        if verified.breaks:
            raise ApprovalError("\n".join(map(str, verified.breaks)))
        release = self._registry.load(*self._place(label, verified.records))
        if registered(verified.records).get(release.label) != release.digest:
            raise ApprovalError(f"release {release.label}: it is not what the ledger registered")
        return release

    def mark(self, label: str, part: Part, word: str) -> None:
        """Record a stage or a tag; it leaves any other release of the name.

        Raises:
            ConfigError: when there is no such release, or the word can't be given.
        """
        if not _WORD.fullmatch(word):
            allowed = "a word that starts with a letter"
            raise ConfigError([Fault(where=part, seen=repr(word), allowed=allowed)])
        release = self.load(label)
        other: Part = "tag" if part == "stage" else "stage"
        if owner := _bearers(self._records(), other).get((release.name, word)):
            seen = f"{word!r} is a {other} of {owner} already"
            raise ConfigError([Fault(where=part, seen=seen, next_step="choose another word")])
        ledger.append(self.project, "stage", {"release": release.label, part: word}, self.actor)

    def delete(self, label: str) -> None:
        """Delete a release and record it.

        Raises:
            ConfigError: when there is none.
            TargetError: when a deployment uses it.
        """
        name, number = self._place(label, self._records())
        label = f"{name}/{number}"

        def refuse_used(records: Records) -> None:
            if used := _uses(label, records):
                step = "delete the deployment first"
                raise TargetError(f"{label}: in use by {', '.join(used)}; {step}")

        if (name, number) not in self._registry.releases(name):
            self._registry.load(name, number)
        body = {"release": label}
        ledger.append(self.project, "deletion", body, self.actor, check=refuse_used)
        self._registry.delete(name, number)

    @cached_property
    def _registry(self) -> FolderRegistry:
        return FolderRegistry(root=releases_folder(self.project))

    def _records(self) -> Records:
        return ledger.verify(self.project).records

    def _place(self, label: str, records: Records) -> tuple[str, int]:
        name, _, which = label.rpartition("/")
        if which.isdecimal() and name:
            return name, int(which)
        owner = {**_bearers(records, "stage"), **_bearers(records, "tag")}.get((name, which))
        releases = {f"{each}/{at}": (each, at) for each, at in self._registry.releases()}
        if owner in releases:
            return releases[owner]
        known = f"allowed: {', '.join(releases)}" if releases else "there is none"
        raise ConfigError([Fault(where=label, seen="no such release", allowed=known)])


def registered(records: Records) -> Mapping[str, str]:
    """Return the digest of every release that was registered and not deleted, by its label."""
    digests: dict[str, str] = {}
    for entry in records:
        if entry.kind == "release":
            digests[str(entry.body["release"])] = str(entry.body["digest"])
        elif entry.kind == "deletion":
            digests.pop(str(entry.body["release"]), None)
    return digests


def _bearers(records: Records, part: Part) -> dict[tuple[str, str], str]:
    """Return which release bears a word now, by name and word: the last record counts."""
    marked = [entry.body for entry in records if entry.kind == "stage" and part in entry.body]
    return {
        (str(body["release"]).rpartition("/")[0], str(body[part])): str(body["release"])
        for body in marked
    }


def _borne(bearers: Mapping[tuple[str, str], str], label: str) -> tuple[str, ...]:
    return tuple(word for (_, word), owner in bearers.items() if owner == label)


def _uses(label: str, records: Records) -> tuple[str, ...]:
    """Return the endpoints whose latest traffic record names the release."""
    latest = latest_changes(records)
    return tuple(name for name, each in latest.items() if label in each.change.releases.values())
