"""What endpoints were told to be, as the ledger has it; nobody asks a target here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from llmops.domain.endpoint_history import latest_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llmops.domain.endpoint_history import Recorded
    from llmops.domain.ledger import LedgerRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A deployment and its shares, in percent."""

    deployment: str
    release: str
    percent: int
    mirror: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint as it was last told to be, and by whom; nothing serves where it was closed.

    The deployment with the greatest share comes first.
    """

    recorded: Recorded
    actor: str
    serving: tuple[Serving, ...]

    @property
    def name(self) -> str:
        """Return `<environment>/<endpoint>`."""
        return self.recorded.change.endpoint

    @property
    def address(self) -> str:
        """Return its page."""
        return address_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a release has of an endpoint."""

    endpoint: str
    percent: int

    @property
    def address(self) -> str:
        """Return the endpoint's page."""
        return address_of(self.endpoint)


def address_of(endpoint: str) -> str:
    """Return the page of `<environment>/<endpoint>`."""
    return quote(f"/endpoints/{endpoint}")


def endpoints(records: Sequence[LedgerRecord]) -> tuple[Endpoint, ...]:
    """Return all endpoints, those that serve first, then the one changed last."""
    actors = {record.sequence: record.actor for record in records}
    found = [
        Endpoint(recorded=recorded, actor=actors[recorded.sequence], serving=_serving(recorded))
        for recorded in reversed([*latest_changes(records).values()])
    ]
    return tuple(sorted(found, key=lambda each: not each.serving))


def runs_by_release(records: Iterable[LedgerRecord]) -> dict[str, str]:
    """Return the run that each release came from."""
    return {
        str(record.body["release"]): str(record.body["run"])
        for record in records
        if record.kind == "release"
    }


def shares(records: Sequence[LedgerRecord], release: str) -> tuple[Share, ...]:
    """Return where a release is deployed."""
    return tuple(
        Share(endpoint=endpoint.name, percent=each.percent)
        for endpoint in endpoints(records)
        for each in endpoint.serving
        if each.release == release
    )


def _serving(recorded: Recorded) -> tuple[Serving, ...]:
    change = recorded.change
    found = [
        Serving(
            deployment=name,
            release=release,
            percent=change.routing.percent.get(name, 0),
            mirror=change.routing.mirror.get(name, 0),
        )
        for name, release in change.releases.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.percent))
