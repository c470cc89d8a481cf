"""Takes deployments away from an endpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from llmops.errors import ConfigError, Fault, TargetError
from llmops.rollout.difference import differences
from llmops.rollout.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.rollout.endpoint import Endpoint

T = TypeVar("T")


async def delete(
    endpoint: Endpoint, deployment: str = "", reason: str = "", *, dry_run: bool = False
) -> Outcome:
    """Delete one deployment that has no traffic, or with no name all of them and the endpoint.

    What was deleted before is not deleted again.

    Raises:
        ConfigError: when there is no such deployment.
        TargetError: when it still has traffic, or the target refuses.
    """
    changes = endpoint.sound_history()
    latest = changes[-1] if changes else None
    before = latest.change if latest else endpoint.untouched
    state = await endpoint.target.state()
    there = {*before.releases, *(each.name for each in state.deployments)}
    deleted = {name for each in changes for name in each.change.releases}
    if deployment and deployment not in there | deleted:
        seen = f"{endpoint.label} has no such deployment"
        allowed = f"allowed: {', '.join(sorted(there)) or 'nothing is deployed'}"
        raise ConfigError([Fault(where=deployment, seen=seen, allowed=allowed)])
    if share := before.routing.percent.get(deployment, 0):
        raise TargetError(
            f"{deployment}: it answers {share} % of {endpoint.label}; "
            "give its traffic to another first, or delete the endpoint with --all"
        )
    going = {deployment} if deployment else there
    routing = replace(
        before.routing,
        percent=_without(before.routing.percent, going),
        mirror=_without(before.routing.mirror, going),
    )
    after = replace(
        before,
        kind="traffic",
        releases=_without(before.releases, going),
        routing=routing,
        reason=reason,
    )
    if not dry_run:
        await endpoint.follow(after, latest)
        for name in sorted(going):
            await endpoint.target.remove(name)
        if not after.releases:
            await endpoint.target.close_endpoint()
    address = state.address if after.releases else ""
    lines = differences(before, state, after)
    return Outcome(endpoint=endpoint.label, address=address, changes=lines)


def _without(shares: Mapping[str, T], going: set[str]) -> dict[str, T]:
    return {name: share for name, share in shares.items() if name not in going}
