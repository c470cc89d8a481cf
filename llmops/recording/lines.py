"""Reads the JSON lines of recordings; what is wrong comes with its line."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final, TypeVar, cast

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llmops.recording.records import Fields

T = TypeVar("T")

_MOST_FAULTS: Final = 10
"""A file of another kind would give a fault per line."""


def digest_of(paths: Sequence[Path]) -> str:
    """Return the sha256 of the files' contents, one after the other."""
    contents = (hashlib.sha256(path.read_bytes()).digest() for path in paths)
    return hashlib.sha256(b"".join(contents)).hexdigest()


def read_lines(path: Path, label: str, read: Callable[[int, Fields], T]) -> list[T]:
    """Return what `read` makes of each line, given its number from 1 and its JSON object.

    Raises:
        ConfigError: for the first lines that cannot be read, or the file.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise ConfigError([Fault(where=label, seen=error.strerror or str(error))]) from None
    faults: list[Fault] = []
    found: list[T] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(read(number, _object(line)))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            seen = str(error) if type(error) is ValueError else "not a line of a recording"
            faults.append(Fault(where=f"{label}, line {number}", seen=seen))
            if len(faults) == _MOST_FAULTS:
                break
    if not lines:
        faults.append(Fault(where=label, seen="no lines"))
    if faults:
        raise ConfigError(faults)
    return found


def _object(line: bytes) -> Fields:
    try:
        value = cast("object", json.loads(line))
    except ValueError:
        cut = not line.endswith(b"\n")
        what = "cut short; --resume the run that wrote it, or remove the line" if cut else "no JSON"
        raise ValueError(what) from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  the file is wrong, not the program
    return cast("Fields", value)
