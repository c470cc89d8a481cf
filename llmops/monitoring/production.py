"""The production log of an endpoint, read as a stream: rotated, torn and foreign lines and all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    Raw = Mapping[str, object]

_NONE: Final[Raw] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line begins."""

    path: Path
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One answered request; `outputs` is empty where it failed. `time` is when it came, in seconds.

    `cost` is None where the log does not say; tokens are of prompt and completion.
    """

    id: str
    deployment: str
    release: str
    time: float
    status: int
    seconds: float
    inputs: Raw
    outputs: Raw
    tokens: tuple[int, int]
    cost: float | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What was said of a request."""

    request: str
    content: Raw


@dataclass(slots=True, kw_only=True)
class LogReader:
    """The files of a log; `damaged` lines were left out, `digests` are of what was read."""

    folder: Path
    damaged: int = 0
    digests: dict[str, str] = field(default_factory=dict[str, str])

    def entries(self) -> Iterator[Request | Feedback]:
        """Yield every line in the order of files; a last one that is not whole is yet to come."""
        for path in sorted(self.folder.glob("*/*.jsonl")):
            digest = hashlib.sha256()
            for place, line in _lines(path):
                digest.update(line)
                entry = parsed(line, place)
                if entry is None:
                    self.damaged += 1
                else:
                    yield entry
            self.digests[path.relative_to(self.folder).as_posix()] = digest.hexdigest()


def _lines(path: Path) -> Iterator[tuple[Place, bytes]]:
    """Yield whole lines; a file that was removed meanwhile, as the oldest ones are, has none."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    offset = 0
    with file:
        for line in file:
            if line.endswith(b"\n"):
                yield Place(path, offset), line
            offset += len(line)


def request_at(place: Place) -> Request | None:
    """Return the request at a place; None when its file is gone."""
    try:
        with place.path.open("rb") as file:
            file.seek(place.offset)
            entry = parsed(file.readline(), place)
    except FileNotFoundError:
        return None
    return entry if isinstance(entry, Request) else None


def parsed(line: bytes, place: Place) -> Request | Feedback | None:
    """Return what a line says; None when it is not one that the service wrote."""
    try:
        raw = json.loads(line)
        if raw["kind"] == "feedback":
            return Feedback(request=str(raw["request"]), content=_mapping(raw["feedback"]))
        return _request(cast("Raw", raw), place) if raw["kind"] == "score" else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _request(raw: Raw, place: Place) -> Request:
    seconds = _number(raw["seconds"])
    cost = raw.get("cost")
    return Request(
        id=str(raw["request"]),
        deployment=str(raw["deployment"]),
        release=str(raw["release"]),
        time=seconds_of(str(raw["time"])) - seconds,
        status=int(_number(raw["status"])),
        seconds=seconds,
        inputs=_mapping(raw["inputs"]),
        outputs=_mapping(raw["outputs"]),
        tokens=(
            int(_number(raw.get("prompt_tokens", 0))),
            int(_number(raw.get("completion_tokens", 0))),
        ),
        cost=None if cost is None else _number(cost),
        place=place,
    )


def seconds_of(time: str) -> float:
    """Return ISO 8601 as seconds since 1970; UTC where it names no zone.

    Raises:
        ValueError: when it is no time.
    """
    found = datetime.fromisoformat(time)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def digest_of(text: str) -> int:
    """Return 64 bits that are the same wherever they are asked for.

    They are not those by which the service draws its own sample: a share of a share stays one.
    """
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[8:16])


def _mapping(value: object) -> Raw:
    if value is None:
        return _NONE
    if not isinstance(value, dict):
        raise TypeError
    return cast("Raw", value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)
