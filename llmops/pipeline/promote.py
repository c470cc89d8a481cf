"""Takes a deployment one step further on its traffic plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault, GateError
from llmops.rollout.proposal import require_proposed
from llmops.rollout.shares import with_share
from llmops.rollout.shifting import shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.endpoint_history import Recorded
    from llmops.rollout.endpoint import Endpoint
    from llmops.rollout.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`deployment` empty: the newest that has not all traffic. `percent` None: the plan's next.

    `anyway` is the reason to go on though the plan says wait; empty: the plan holds.
    """

    deployment: str = ""
    percent: int | None = None
    anyway: str = ""


async def promote(endpoint: Endpoint, step: Step, *, dry_run: bool = False) -> Outcome:
    """Give the deployment its next share; the others keep their proportions of the rest.

    Raises:
        ConfigError: when there is no such deployment, or no further step.
        GateError: when the plan says that it is too early.
        ApprovalError: when the share is not approved.
        TargetError: when a deployment cannot take it, or somebody else changes the endpoint.
    """
    changes = endpoint.sound_history()
    name = _candidate(endpoint.label, changes, step.deployment)
    before = changes[-1].change
    share = before.routing.percent.get(name, 0)
    percent = _next(endpoint, name, share, step.percent)
    routing = with_share(before.routing, name, percent)
    mirror = {each: copies for each, copies in routing.mirror.items() if each != name}
    after = replace(
        before, kind="traffic", routing=replace(routing, mirror=mirror), reason=step.anyway
    )
    if percent > share and not step.anyway:
        _require_not_rolled_back(endpoint.label, changes, name)
        _require_baked(endpoint, changes[-1])
        require_proposed(endpoint, changes[-1], name, percent)
    return await shift(endpoint, changes[-1], after, dry_run=dry_run)


def _candidate(endpoint: str, changes: Sequence[Recorded], wanted: str) -> str:
    """Return the deployment to promote: the one that came last, of those without all traffic."""
    now = changes[-1].change if changes else None
    if now is None or not now.releases:
        fault = Fault(where=endpoint, seen="nothing is deployed", next_step="llmops deploy")
        raise ConfigError([fault])
    if wanted and wanted not in now.releases:
        seen, known = f"{endpoint} has no such deployment", ", ".join(now.releases)
        raise ConfigError([Fault(where=wanted, seen=seen, allowed=f"allowed: {known}")])
    return wanted or max(now.releases, key=lambda name: _since(changes, name))


def _since(changes: Sequence[Recorded], name: str) -> int:
    """Return the record since which the deployment has its release without a break."""
    release, since = changes[-1].change.releases[name], 0
    for each in reversed(changes):
        if each.change.releases.get(name) != release:
            break
        since = each.sequence
    return since


def _next(endpoint: Endpoint, name: str, share: int, wanted: int | None) -> int:
    if wanted is not None:
        return wanted
    if share == 100:
        return share
    step = endpoint.file.traffic.after(share)
    if step is None:
        fault = Fault(
            where=endpoint.file.label,
            seen=f"the plan has no step after {share} %",
            next_step=f"state one with --to, or end the plan with 100 ({name})",
        )
        raise ConfigError([fault])
    return step


def _require_not_rolled_back(endpoint: str, changes: Sequence[Recorded], name: str) -> None:
    """Refuse a deployment whose last requests a rollback has taken: nobody has put it back."""
    for after, before in pairwise(reversed(changes)):
        if _is_asked(after, name):
            return
        if _is_asked(before, name):
            if after.change.kind == "rollback":
                raise GateError(
                    f"{endpoint}: {name} was rolled back (ledger record {after.sequence}): "
                    f"{after.change.reason}; deploy another, or --anyway REASON goes on"
                )
            return


def _is_asked(recorded: Recorded, name: str) -> bool:
    routing = recorded.change.routing
    return bool(routing.percent.get(name) or routing.mirror.get(name))


def _require_baked(endpoint: Endpoint, latest: Recorded) -> None:
    minutes = endpoint.file.traffic.bake_minutes
    until = datetime.fromisoformat(latest.time) + timedelta(minutes=minutes)
    if datetime.now(UTC) < until:
        raise GateError(
            f"{endpoint.label}: too early: {minutes:g} minutes at a step are wanted, "
            f"until {until.isoformat(timespec='seconds')}; --anyway REASON goes on"
        )
