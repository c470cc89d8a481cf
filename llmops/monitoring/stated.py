"""What the ledger says of an endpoint: who should have which share, since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops import ledger
from llmops.domain.endpoint_history import history
from llmops.domain.monitoring import StatedSplit
from llmops.errors import ApprovalError, ConfigError, Fault
from llmops.monitoring.production import seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmops.domain.endpoint_history import Change, Recorded


def stated_split(project: Path, endpoint: str, since: float | None = None) -> StatedSplit:
    """Return the last split of `<environment>/<endpoint>`; `since` narrows the time.

    Raises:
        ConfigError: when nothing is deployed, or `since` is before the last change.
        ApprovalError: when the ledger does not verify.
    """
    verified = ledger.verify(project)
    if verified.breaks:
        raise ApprovalError("\n".join(map(str, verified.breaks)))
    changes = history(verified.records, endpoint)
    if not changes or not changes[-1].change.releases:
        seen, step = "nothing is deployed there, as far as the ledger knows", "llmops deploy"
        raise ConfigError([Fault(where=endpoint, seen=seen, next_step=step)])
    last = changes[-1]
    began = _since(changes)
    if since is not None and since < began:
        fault = Fault(
            where="--since",
            seen=f"before the traffic changed at {last.time}",
            allowed="a time after it: requests of two splits cannot be told apart",
        )
        raise ConfigError([fault])
    candidate, incumbent = _pair(changes)
    return StatedSplit(
        since=began if since is None else since,
        releases=last.change.releases,
        percent=last.change.routing.percent,
        candidate=candidate,
        incumbent=incumbent,
        sticky=last.change.routing.sticky,
    )


def _since(changes: Sequence[Recorded]) -> float:
    """Return since when the requests are shared out as now, by the same releases."""
    last, since = changes[-1].change, changes[-1].time
    for each in reversed(changes):
        if _shares(each.change) != _shares(last):
            break
        since = each.time
    return seconds_of(since)


def _shares(change: Change) -> object:
    routing = change.routing
    served = {name for name, share in routing.percent.items() if share}
    served |= {name for name, share in routing.mirror.items() if share}
    return (
        {name: (change.releases.get(name), routing.percent.get(name)) for name in served},
        dict(routing.mirror),
        routing.sticky,
    )


def _pair(changes: Sequence[Recorded]) -> tuple[str, str]:
    """Return who came last of those that get requests, and who has the most of the others."""
    last = changes[-1].change
    served = [name for name, share in last.routing.percent.items() if share]
    served += [name for name, share in last.routing.mirror.items() if share and name not in served]
    if not served:
        return max(last.releases, key=lambda name: _arrived(changes, name), default=""), ""
    candidate = max(served, key=lambda name: _arrived(changes, name))
    others = [name for name in served if name != candidate]
    return candidate, max(others, key=lambda name: last.routing.percent.get(name, 0), default="")


def _arrived(changes: Sequence[Recorded], name: str) -> int:
    """Return the record since which the deployment has its release without a break."""
    release, since = changes[-1].change.releases.get(name), 0
    for each in reversed(changes):
        if each.change.releases.get(name) != release:
            break
        since = each.sequence
    return since
