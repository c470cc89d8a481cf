"""What a gateway's folder holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION_FILE: Final = "gateway.json"
"""What it is told; its owner writes it before the start, the gateway at each change."""
CONTROL_FILE: Final = "control.json"
"""Where it is and how to control it, for its owner's eyes only; there while it takes requests."""
ACCESS_LOG: Final = "access.jsonl"
"""A line for each request; see `access_log`."""
UNIT_KEY: Final = "unit.key"
"""The secret without which nobody can tell whose sticky key a `unit` of the access log is."""


def write_private(path: Path, content: bytes) -> None:
    """Have a file that its owner alone can read; it is whole or not there."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
