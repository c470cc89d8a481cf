"""One JSON object a line for each request: who answered, how, and in what time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.gateway.exchange import Exchange
    from llmops.gateway.units import Units

_LARGEST: Final = 64 * 1024 * 1024
_DUMPS: Final = json.JSONEncoder(separators=(",", ":")).encode


class BoundedFile:
    """A file that is moved to `<name>.1` when it is large; there are never more than these two."""

    def __init__(self, path: Path, largest: int = _LARGEST) -> None:
        """Continue the file, or begin it."""
        self._path, self._largest = path, largest
        self._open()

    def write(self, line: bytes) -> None:
        """Add a line, which has its end."""
        if self._size + len(line) > self._largest:
            self.close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._open()
        self._file.write(line)
        self._size += len(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _open(self) -> None:
        self._file = self._path.open("ab", buffering=0)
        self._size = self._file.tell()


@dataclass(frozen=True, slots=True)
class AccessLog:
    """Has of what clients send the request's id, method and path; never query, key or body."""

    file: BoundedFile
    units: Units

    def write(self, exchange: Exchange) -> None:
        """Add a line."""
        record = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": exchange.request_id,
            "deployment": exchange.deployment,
            "method": exchange.method,
            "path": exchange.path,
            "status": exchange.status,
            "seconds": round(exchange.seconds, 6),
            "retried": exchange.retried,
            "sticky": bool(exchange.key),
            "unit": self.units.of(exchange.key),
            "broken_off_by": exchange.broken_off_by,
        }
        self.file.write(_DUMPS(record).encode() + b"\n")
