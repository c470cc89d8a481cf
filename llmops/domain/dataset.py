"""A dataset: lines of data in a file, read as a stream as often as needed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """What a reader gives in place of a line it cannot read; `number` is the file's, from 1."""

    number: int
    seen: str
    allowed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What one pass over the lines tells; `columns` in the order they first appear."""

    count: int
    columns: tuple[str, ...]
    mean_characters: float
    faults: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A file and the reader of its kind; `label` is how messages name the file."""

    path: Path
    label: str
    read: Callable[[Path], Iterator[Mapping[str, object] | Unreadable]]

    def lines(self) -> Iterator[Mapping[str, object]]:
        """Yield the lines in file order; nothing is kept.

        Raises:
            ConfigError: at a line that cannot be read.
        """
        for row in self.read(self.path):
            if isinstance(row, Unreadable):
                raise ConfigError([self._fault(row)])
            yield row

    def columns(self) -> tuple[str, ...]:
        """Return every column that any line has."""
        return self.survey.columns

    def count(self) -> int:
        """Return the number of readable lines."""
        return self.survey.count

    def digest(self) -> str:
        """Return the sha256 of the file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def survey(self) -> Survey:
        """Read the file once."""
        count = characters = 0
        columns: dict[str, None] = {}
        faults: list[Fault] = []
        for row in self.read(self.path):
            if isinstance(row, Unreadable):
                faults.append(self._fault(row))
                continue
            count += 1
            columns.update(dict.fromkeys(row))
            characters += sum(len(str(value)) for value in row.values())
        return Survey(
            count=count,
            columns=tuple(columns),
            mean_characters=characters / count if count else 0.0,
            faults=tuple(faults),
        )

    def _fault(self, row: Unreadable) -> Fault:
        where = f"{self.label}, line {row.number}" if row.number else self.label
        return Fault(where=where, seen=row.seen, allowed=row.allowed)
