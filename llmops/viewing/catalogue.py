"""All runs of a project, read again only where their files have changed.

No path is ever made of what a request says: its names are looked up among what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from llmops.errors import LLMOpsError
from llmops.review import Review
from llmops.store import RunReader
from llmops.viewing.finding import Finding, computed, reported
from llmops.viewing.pairs import Subject, subject
from llmops.viewing.refusal import not_found

if TYPE_CHECKING:
    from pathlib import Path

Stamp = tuple[tuple[int, int], ...]
"""Times and sizes of the files that an entry was read from."""

_FILES: Final = ("manifest.json", "run.jsonl", "report.json")


class Catalogue:
    """The runs in `reports/`."""

    def __init__(self, reports: Path) -> None:
        """Read nothing yet."""
        self.reports = reports
        self._known: dict[Path, tuple[Stamp, Entry]] = {}

    def entries(self) -> tuple[Entry, ...]:
        """Return all runs, the newest first; a folder that leads out of `reports/` is none."""
        root = self.reports.resolve()
        found: dict[Path, tuple[Stamp, Entry]] = {}
        for manifest in self.reports.glob("*/*/manifest.json"):
            folder = manifest.parent
            if manifest.resolve().is_relative_to(root):
                stamp = tuple(_stamp(folder / name) for name in _FILES)
                known = self._known.get(folder)
                found[folder] = known if known and known[0] == stamp else (stamp, Entry(folder))
        self._known = found
        entries = (entry for _, entry in found.values())
        return tuple(
            sorted(entries, key=lambda entry: (entry.facts.created, entry.key), reverse=True)
        )

    def entry(self, key: str) -> Entry:
        """Return the run `<experiment>/<run id>`.

        Raises:
            Refused: when there is none.
        """
        for entry in self.entries():
            if entry.key == key:
                return entry
        raise not_found(f"run {key}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the list says of a run; `finding` is None where no report was written.

    `words` is what a search looks at, in lower case; `fault` tells why the run cannot be read.
    """

    created: str = ""
    status: str = ""
    finding: Finding | None = None
    words: str = ""
    fault: str = ""

    @property
    def outcome(self) -> str:
        """Return the decision's outcome; empty for none."""
        return self.finding.outcome if self.finding else ""


class Entry:
    """One run as its files are now; nothing is read before it is asked for, and then kept."""

    def __init__(self, folder: Path) -> None:
        """Name the run by its folders."""
        self.folder = folder
        self.experiment = folder.parent.name
        self.run = folder.name
        self.key = f"{self.experiment}/{self.run}"
        self.address = quote(f"/runs/{self.key}")

    @cached_property
    def facts(self) -> Facts:
        """Return what the list says."""
        try:
            return self._facts()
        except LLMOpsError as error:
            return Facts(fault=str(error))

    @cached_property
    def finding(self) -> Finding:
        """Return what the run found, as reported or else computed."""
        return reported(self.folder) or computed(self.review.numbers, self.review.comparison)

    @cached_property
    def review(self) -> Review:
        """Return the run as its evidence has it."""
        return Review(self.folder)

    @cached_property
    def subject(self) -> Subject:
        """Return the two configurations that a reviewer compares, line by line."""
        return subject(self.review)

    def _facts(self) -> Facts:
        reader = RunReader(self.folder)
        manifest = reader.manifest
        finding = reported(self.folder)
        labels = dict.fromkeys(trial["label"] for trial in manifest["trials"])
        datasets = (dataset["name"] for dataset in manifest["datasets"])
        words = (self.key, *labels, *datasets, finding.sentence if finding else "")
        return Facts(
            created=manifest["created"],
            status=finding.status if finding else reader.status,
            finding=finding,
            words="\n".join(words).lower(),
        )


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
