"""Shares an endpoint's requests out as somebody says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmops.domain.deployment import Routing
from llmops.errors import ConfigError, Fault
from llmops.rollout.shifting import shift

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmops.domain.endpoint_history import Change
    from llmops.rollout.endpoint import Endpoint
    from llmops.rollout.outcome import Outcome


async def traffic(
    endpoint: Endpoint,
    percent: Mapping[str, int],
    mirror: Mapping[str, int],
    reason: str = "",
    *,
    dry_run: bool = False,
) -> Outcome:
    """Give each deployment its percentage; those not named get none, nor copies.

    Raises:
        ConfigError: when a deployment is unknown or the shares are not 100 together.
        ApprovalError: when a share that grows is not approved.
        TargetError: when a deployment cannot take it, or somebody else changes the endpoint.
    """
    latest = endpoint.latest()
    before = latest.change if latest else endpoint.untouched
    faults = [*_faults(before, percent, mirror)]
    if faults or latest is None:
        raise ConfigError(faults)
    shares = {name: percent.get(name, 0) for name in before.releases}
    routing = Routing(percent=shares, mirror=dict(mirror), sticky=endpoint.file.traffic.sticky)
    after = replace(before, kind="traffic", routing=routing, reason=reason)
    return await shift(endpoint, latest, after, dry_run=dry_run)


def _faults(
    before: Change, percent: Mapping[str, int], mirror: Mapping[str, int]
) -> Iterator[Fault]:
    known = ", ".join(before.releases) or "nothing is deployed"
    for name, share in {**percent, **mirror}.items():
        if name not in before.releases:
            seen = f"{before.endpoint} has no such deployment"
            yield Fault(where=name, seen=seen, allowed=f"allowed: {known}")
        if not 0 <= share <= 100:
            yield Fault(where=name, seen=f"{share} %", allowed="allowed: 0 to 100")
    if sum(percent.values()) != 100:
        stated = ", ".join(f"{name}={share}" for name, share in percent.items())
        yield Fault(where="traffic", seen=stated or "nothing", allowed="allowed: 100 together")
