"""Shows an endpoint as the target has it, beside what the ledger says it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops import ledger
from llmops.registries.catalogue import registered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmops.domain.deployment import EndpointState, Routing, TrafficPlan
    from llmops.domain.endpoint_history import Change, Recorded
    from llmops.rollout.endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStatus:
    """`unlike` are the sentences on what is not as the ledger says; empty is good."""

    endpoint: str
    state: EndpointState
    latest: Recorded | None
    plan: TrafficPlan
    unlike: tuple[str, ...]


async def endpoint_status(endpoint: Endpoint) -> EndpointStatus:
    """Look; nothing is changed.

    Raises:
        TargetError: when the target cannot be reached.
        ApprovalError: when the ledger is broken.
    """
    latest, state = endpoint.latest(), await endpoint.target.state()
    stated = latest.change if latest else endpoint.untouched
    digests = registered(ledger.verify(endpoint.project).records)
    return EndpointStatus(
        endpoint=endpoint.label,
        state=state,
        latest=latest,
        plan=endpoint.file.traffic,
        unlike=tuple(_unlike(state, stated, digests)),
    )


def _unlike(state: EndpointState, stated: Change, digests: Mapping[str, str]) -> Iterator[str]:
    if state.fault:
        yield state.fault
    there = {each.name: each for each in state.deployments}
    for name, release in stated.releases.items():
        if name not in there:
            seen = f"{name}: it should serve {release}, and is not there"
            yield f"{seen}; deploy it again, or delete it"
        elif there[name].release != release:
            yield f"{name}: it serves {there[name].release}, and should serve {release}"
        elif there[name].digest != digests.get(release):
            yield f"{name}: what it serves as {release} is not what was registered"
        elif there[name].status != "ready":
            yield f"{name}: {there[name].status}: {there[name].detail}"
    for name in there.keys() - stated.releases.keys():
        yield f"{name}: it is there, and the ledger does not know it"
    if not state.routing.is_as(stated.routing):
        wanted, found = (_shares(each) for each in (stated.routing, state.routing))
        yield f"traffic is {found}, and should be {wanted}"


def _shares(routing: Routing) -> str:
    shares = (f"{name} {share} %" for name, share in routing.percent.items() if share)
    copies = (f"{name} {share} % copies" for name, share in routing.mirror.items() if share)
    sticky = (f"sticky by {routing.sticky}",) if routing.sticky else ()
    return ", ".join([*shares, *copies, *sticky]) or "nobody's"
