"""Shares requests out anew: to what is approved, ready, and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.errors import TargetError
from llmops.registries.catalogue import Catalogue
from llmops.rollout.allowed import require_growth
from llmops.rollout.difference import differences
from llmops.rollout.outcome import Outcome
from llmops.rollout.shares import grown
from llmops.rollout.smoke_test import smoke_test

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmops.domain.deployment import EndpointState
    from llmops.domain.endpoint_history import Change, Recorded
    from llmops.rollout.endpoint import Endpoint


async def shift(
    endpoint: Endpoint, latest: Recorded, after: Change, *, dry_run: bool = False
) -> Outcome:
    """Make the change, which moves requests only.

    Raises:
        ApprovalError: when a share that grows is not approved.
        TargetError: when a deployment cannot take it, or somebody else changes the endpoint.
    """
    before, state = latest.change, await endpoint.target.state()
    require_growth(endpoint.project, before, after)
    more = grown(before.routing.percent, after.routing.percent)
    require_ready(endpoint.label, state, more)
    if not dry_run:
        await try_newcomers(endpoint, before, after, more)
        await endpoint.follow(after, latest)
    changes = differences(before, state, after)
    return Outcome(endpoint=endpoint.label, address=state.address, changes=changes)


async def try_newcomers(
    endpoint: Endpoint, before: Change, after: Change, names: Iterable[str]
) -> None:
    """Ask those that had no requests before: nobody may have tried them.

    Raises:
        TargetError: when one fails its smoke test.
    """
    catalogue = Catalogue(project=endpoint.project, actor="")
    for name in names:
        if not before.routing.percent.get(name):
            await smoke_test(endpoint, name, catalogue.load(after.releases[name]))


def require_ready(endpoint: str, state: EndpointState, names: Iterable[str]) -> None:
    """Refuse more requests for what is not ready.

    Raises:
        TargetError: saying why it is not.
    """
    there = {each.name: each for each in state.deployments}
    for name in names:
        found = there.get(name)
        if found is None or found.status != "ready":
            seen = found.detail or found.status if found else "it is gone"
            raise TargetError(
                f"{endpoint}: {name} cannot take more requests: {seen}; deploy it again"
            )
