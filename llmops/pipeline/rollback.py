"""Gives all requests back to the deployment that had them before; asks nobody's leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmops.domain.deployment import Routing
from llmops.errors import TargetError
from llmops.rollout.difference import differences
from llmops.rollout.outcome import Outcome
from llmops.rollout.shifting import require_ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.endpoint_history import Change, Recorded
    from llmops.rollout.endpoint import Endpoint


async def rollback(endpoint: Endpoint, reason: str, *, dry_run: bool = False) -> Outcome:
    """Return to the last deployment that had all requests; said again, nothing changes.

    What ran before was approved when it went there, so neither its approval's expiry nor its share
    is asked again: the way back must be open.

    Raises:
        TargetError: when there is nothing to go back to, or it is not ready.
    """
    changes = endpoint.history()
    if not changes:
        raise TargetError(f"{endpoint.label}: nothing was ever deployed there")
    before = changes[-1].change
    state = await endpoint.target.state()
    name = _former(endpoint.label, changes)
    require_ready(endpoint.label, state, [name])
    routing = Routing(
        percent={each: 100 if each == name else 0 for each in before.releases},
        sticky=before.routing.sticky,
    )
    after = replace(before, kind="rollback", routing=routing, reason=reason)
    if not dry_run:
        await endpoint.follow(after, changes[-1])
    return Outcome(
        endpoint=endpoint.label, address=state.address, changes=differences(before, state, after)
    )


def _former(endpoint: str, changes: Sequence[Recorded]) -> str:
    """Return the last deployment that had all requests, and is not the one that has them now.

    While another gets copies only, that is the one that has them: it is the copies that end. A
    name that has another release since is not the deployment that it was.

    Raises:
        TargetError: when no such deployment is there any more.
    """
    now = changes[-1].change
    whole = _whole(now)
    if whole and (any(now.routing.mirror.values()) or _is_rolled_back(changes)):
        return whole
    for name, release in reversed(_formers(changes)):
        if name != whole and now.releases.get(name) == release:
            return name
    raise TargetError(f"{endpoint}: there is no deployment to go back to; llmops status")


def _formers(changes: Sequence[Recorded]) -> list[tuple[str, str]]:
    """Return who had all requests, one after the other, without those that were rolled back."""
    found: list[tuple[str, str]] = []
    for change in (each.change for each in changes):
        if name := _whole(change):
            who = name, change.releases[name]
            if who in found:
                at = found.index(who)
                del found[at : None if change.kind == "rollback" else at + 1]
            found.append(who)
    return found


def _is_rolled_back(changes: Sequence[Recorded]) -> bool:
    """Return whether the requests go where a rollback has sent them."""
    for change in (each.change for each in reversed(changes)):
        if not change.routing.is_as(changes[-1].change.routing):
            return False
        if change.kind == "rollback":
            return True
    return False


def _whole(change: Change) -> str:
    """Return who has all requests; empty when they are shared."""
    shares = change.routing.percent
    return next((name for name, share in shares.items() if share == 100), "")
