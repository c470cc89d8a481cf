"""Looks for keys in files that are about to be copied, where masking them would change the flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault
from llmops.redaction import Redactor

if TYPE_CHECKING:
    from pathlib import Path


def refuse_keys(folder: Path) -> None:
    """Pass when no line of a text file below the folder looks like a key.

    Raises:
        ConfigError: naming every file and line that does.
    """
    redacted = Redactor(())
    faults = [
        Fault(
            where=f"{path.relative_to(folder).as_posix()}, line {number}",
            seen="what looks like a key",
            allowed="a release holds none",
            next_step="take it out of the flow, give it as a connection or a variable, run again",
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for number, line in enumerate(path.read_text("utf-8", "ignore").splitlines(), start=1)
        if redacted(line) != line
    ]
    if faults:
        raise ConfigError(faults)
