"""What an endpoint was told to be, change by change, as the ledger has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from llmops.domain.deployment import Routing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmops.domain.ledger import LedgerRecord

ChangeKind = Literal["traffic", "rollback"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All that an endpoint is to be: `releases` are labels by deployment."""

    endpoint: str
    target: str
    releases: Mapping[str, str]
    routing: Routing
    kind: ChangeKind = "traffic"
    reason: str = ""

    @property
    def body(self) -> Mapping[str, object]:
        """Return the ledger's form."""
        return {
            "endpoint": self.endpoint,
            "target": self.target,
            "releases": dict(self.releases),
            "traffic": dict(self.routing.percent),
            "mirror": dict(self.routing.mirror),
            "sticky": self.routing.sticky,
            "reason": self.reason,
        }

    def is_as(self, other: Change) -> bool:
        """Return whether both leave the endpoint the same, whatever the reason was."""
        return (self.releases, self.routing) == (other.releases, other.routing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A change and where it stands in the ledger; `time` is UTC, in ISO 8601."""

    sequence: int
    time: str
    change: Change


def history(records: Iterable[LedgerRecord], endpoint: str) -> tuple[Recorded, ...]:
    """Return the changes of `<environment>/<endpoint>`, the latest last."""
    return tuple(
        Recorded(sequence=entry.sequence, time=entry.time, change=_change(entry))
        for entry in records
        if entry.kind in ("traffic", "rollback") and entry.body["endpoint"] == endpoint
    )


def latest_changes(records: Iterable[LedgerRecord]) -> Mapping[str, Recorded]:
    """Return the last change of every endpoint, the one changed last at the end."""
    latest: dict[str, Recorded] = {}
    for entry in records:
        if entry.kind in ("traffic", "rollback"):
            change = _change(entry)
            latest.pop(change.endpoint, None)
            latest[change.endpoint] = Recorded(
                sequence=entry.sequence, time=entry.time, change=change
            )
    return latest


def _change(entry: LedgerRecord) -> Change:
    body = entry.body
    routing = Routing(
        percent=cast("Mapping[str, int]", body["traffic"]),
        mirror=cast("Mapping[str, int]", body.get("mirror", {})),
        sticky=str(body.get("sticky", "")),
    )
    return Change(
        endpoint=str(body["endpoint"]),
        target=str(body.get("target", "")),
        releases=cast("Mapping[str, str]", body["releases"]),
        routing=routing,
        kind=cast("ChangeKind", entry.kind),
        reason=str(body.get("reason", "")),
    )
