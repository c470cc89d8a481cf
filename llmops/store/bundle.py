"""The evidence of a run as one digest: what an approval is bound to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EVIDENCE: Final = (
    "comparison.csv",
    "junit.xml",
    "manifest.json",
    "metrics.csv",
    "report.html",
    "report.json",
    "results.csv",
    "run.jsonl",
    "summary.md",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`files` are `{"size": bytes, "sha256": hex}` by name; `digest` is over all of them."""

    files: Mapping[str, Mapping[str, object]]

    @property
    def digest(self) -> str:
        """Return the sha256 of the canonical list of files."""
        return digest(self.files)

    def changes_since(self, files: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
        """Return what differs from an earlier state, by name."""
        said: list[str] = []
        for name in sorted({*files, *self.files}):
            if name not in self.files:
                said.append(f"{name} is gone")
            elif name not in files:
                said.append(f"{name} is new")
            elif self.files[name] != files[name]:
                said.append(f"{name} has changed")
        return tuple(said)


def bundle(folder: Path) -> Bundle:
    """Return the bundle of a run folder as it is now; files are read as streams."""
    files: dict[str, Mapping[str, object]] = {}
    for name in EVIDENCE:
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                files[name] = {"size": file.tell(), "sha256": sha256}
    return Bundle(files=files)
