"""The gateway's access log: every request, as its client saw it, by one clock."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from llmops.monitoring.production import digest_of, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

NO_UNIT: Final = 0
_BROKEN_OFF: Final = {"client": 499, "deployment": 502}
"""The status of an answer that began with 200 and did not come to its end."""


@dataclass(slots=True)
class Seen:
    """What the gateway saw of one deployment: columns of equal length.

    `requests` and `units` are digests, NO_UNIT where the log names none.
    """

    requests: array[int] = field(default_factory=lambda: array("Q"))
    units: array[int] = field(default_factory=lambda: array("Q"))
    statuses: array[int] = field(default_factory=lambda: array("H"))
    seconds: array[float] = field(default_factory=lambda: array("d"))


def read_access(log: Path, since: float) -> dict[str, Seen]:
    """Return the scored requests that came since then, by deployment; {} without a log."""
    seen: dict[str, Seen] = {}
    for path in (log.with_name(f"{log.name}.1"), log):
        for record in _records(path):
            try:
                _add(seen, record, since)
            except (ValueError, TypeError, KeyError, OverflowError):
                continue  # the gateway counts what it could not write; nothing is judged by it
    return seen


def _add(seen: dict[str, Seen], record: dict[str, Any], since: float) -> None:
    is_scored = record["method"] == "POST" and str(record["path"]).rstrip("/").endswith("/score")
    seconds = float(record["seconds"])
    if not is_scored or not record["deployment"] or seconds_of(record["time"]) - seconds < since:
        return
    unit, broken_off_by = record.get("unit"), str(record.get("broken_off_by", ""))
    status = _BROKEN_OFF.get(broken_off_by, int(record["status"]))
    request = digest_of(str(record["request_id"]))
    columns = seen.setdefault(str(record["deployment"]), Seen())
    columns.requests.append(request)
    columns.units.append(digest_of(str(unit)) if unit else NO_UNIT)
    columns.statuses.append(status)
    columns.seconds.append(seconds)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            try:
                record: object = json.loads(line)
            except (ValueError, RecursionError):
                continue  # cut short by a crash, or still being written
            if isinstance(record, dict):
                yield cast("dict[str, Any]", record)


def joined(requests: NDArray[np.uint64], seen: Mapping[str, Seen]) -> NDArray[np.uint64]:
    """Return the unit of each request as the gateway has it; NO_UNIT where it has none."""
    known = np.concatenate([np.array(each.requests, dtype=np.uint64) for each in seen.values()])
    units = np.concatenate([np.array(each.units, dtype=np.uint64) for each in seen.values()])
    order = np.argsort(known, kind="stable")
    known, units = known[order], units[order]
    places = np.minimum(np.searchsorted(known, requests), len(known) - 1)
    return np.where(known[places] == requests, units[places], np.uint64(NO_UNIT))
