"""What happened at an endpoint: changes of its traffic, and looks at what it answered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, cast

from llmops.domain.deployment import Routing
from llmops.domain.endpoint_history import Change, history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.ledger import LedgerRecord

_SPACE: Final = "\N{NO-BREAK SPACE}"
_TO: Final = f"{_SPACE}→{_SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A record of the ledger in words; `tag` is what was done, or what a look proposed.

    `look` is the name of a look's folder; empty for a change.
    """

    sequence: int
    time: str
    actor: str
    tag: str
    said: tuple[str, ...]
    reasons: tuple[str, ...]
    look: str = ""


def timeline(records: Sequence[LedgerRecord], endpoint: str) -> tuple[Event, ...]:
    """Return all that happened at `<environment>/<endpoint>`, the newest first."""
    found = [*_changes(records, endpoint), *_looks(records, endpoint)]
    return tuple(sorted(found, key=lambda event: -event.sequence))


def _changes(records: Sequence[LedgerRecord], endpoint: str) -> Iterator[Event]:
    actors = {record.sequence: record.actor for record in records}
    before = Change(endpoint=endpoint, target="", releases={}, routing=Routing())
    for recorded in history(records, endpoint):
        change = recorded.change
        yield Event(
            sequence=recorded.sequence,
            time=recorded.time,
            actor=actors[recorded.sequence],
            tag=change.kind,
            said=tuple(_differences(before, change)) or ("the same as before",),
            reasons=(change.reason,) if change.reason else (),
        )
        before = change


def _looks(records: Sequence[LedgerRecord], endpoint: str) -> Iterator[Event]:
    for record in records:
        body = record.body
        if record.kind == "monitor" and body["endpoint"] == endpoint:
            reasons = cast("Sequence[object]", body.get("reasons", ()))
            yield Event(
                sequence=record.sequence,
                time=record.time,
                actor=record.actor,
                tag=f"monitor: {body['action']}",
                said=(str(body["sentence"]),),
                reasons=tuple(map(str, reasons)),
                look=PurePosixPath(str(body.get("report", ""))).parent.name,
            )


def _differences(before: Change, after: Change) -> Iterator[str]:
    """Yield what changed: deployments as the newer state has them, then those taken away."""
    for name, release in after.releases.items():
        share = after.routing.percent.get(name, 0)
        if name not in before.releases:
            yield f"{name} is new, with {release} and {_percent(share)}"
            continue
        if before.releases[name] != release:
            yield f"{name} is {release} now, no longer {before.releases[name]}"
        earlier = before.routing.percent.get(name, 0)
        if earlier != share:
            yield f"{name} {_percent(earlier)}{_TO}{_percent(share)}"
    for name in before.releases:
        if name not in after.releases:
            yield f"{name} is taken away"
    yield from _mirrored(before.routing.mirror, after.routing.mirror)
    if after.releases and before.routing.sticky != after.routing.sticky:
        place, _, name = after.routing.sticky.partition(":")
        same = f"requests with the same {place} {name} stay with one deployment"
        yield same if name else "requests are no longer kept with one deployment"


def _mirrored(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        share = after.get(name, 0)
        if share != before.get(name, 0):
            copies = f"a copy of {_percent(share)} of the requests" if share else "no more copies"
            yield f"{name} gets {copies}"


def _percent(share: int) -> str:
    return f"{share}{_SPACE}%"
