"""Puts a release behind its endpoint: at 0 % first, and with a share once it answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llmops.errors import TargetError
from llmops.registries.catalogue import Catalogue
from llmops.registries.folder import FolderRegistry, releases_folder
from llmops.rollout.allowed import require_growth, require_share
from llmops.rollout.difference import differences
from llmops.rollout.endpoint import Address
from llmops.rollout.outcome import Outcome
from llmops.rollout.shares import grown, with_share
from llmops.rollout.shifting import try_newcomers
from llmops.rollout.smoke_test import smoke_test

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llmops.domain.deployment import Deployment, Routing
    from llmops.domain.endpoint_history import Change, Recorded
    from llmops.rollout.endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be deployed.

    `experiment` empty: that of the release's run. `name` is the deployment's, empty: the file's.
    `percent` None: what the file says: all of the traffic for the first deployment, copies only
    where requests are mirrored, else the plan's first step.
    """

    project: Path
    release: str
    environment: str
    experiment: str = ""
    name: str = ""
    percent: int | None = None
    overrides: Sequence[str] = ()
    reason: str = ""


def address_of(order: Order) -> Address:
    """Return where the order goes.

    Raises:
        ConfigError: when there is no such release.
        ApprovalError: when it is not what was registered.
    """
    release = Catalogue(project=order.project, actor="").load(order.release)
    return Address(
        project=order.project,
        experiment=order.experiment or str(release.lineage.get("run", "")).partition("/")[0],
        environment=order.environment,
        overrides=order.overrides,
    )


async def deploy(
    endpoint: Endpoint, order: Order, say: Callable[[str], None], *, dry_run: bool = False
) -> Outcome:
    """Deploy and return what changed; said again after a crash, it goes on to the same end.

    Raises:
        ConfigError: when there is no such release, or the target cannot serve it so.
        ApprovalError: when no approval allows it.
        TargetError: when it does not become ready or fails its smoke test; traffic is as it was.
    """
    release = Catalogue(project=order.project, actor="").load(order.release)
    registry = FolderRegistry(root=releases_folder(order.project))
    folder = registry.folder(release.name, release.number)
    deployment = endpoint.file.deployment(release, folder, order.name)
    latest = endpoint.latest()
    before = latest.change if latest else endpoint.untouched
    after = _wanted(order, endpoint, before, deployment)
    percent = after.routing.percent[deployment.name]
    require_share(order.project, release, order.environment, percent)
    require_growth(order.project, before, after)
    put = await endpoint.target.changes(deployment)
    moved = differences(before, await endpoint.target.state(), after)
    if not dry_run:
        await _carry_out(endpoint, deployment, latest, after, say)
    state = await endpoint.target.state()
    changes = (*(f"{deployment.name}: {each}" for each in put), *moved)
    return Outcome(endpoint=endpoint.label, address=state.address, changes=changes)


async def _carry_out(
    endpoint: Endpoint,
    deployment: Deployment,
    latest: Recorded | None,
    after: Change,
    say: Callable[[str], None],
) -> None:
    """Stage, try, share out. The release counts as in use from before its first process."""
    before, name = latest.change if latest else endpoint.untouched, deployment.name
    held = replace(before.routing, percent={name: 0, **before.routing.percent})
    staged = replace(after, routing=held, reason=f"{name} starts")
    latest = endpoint.stage(staged, latest)
    say(f"{name}: starting {deployment.release.label}")
    await endpoint.target.put(deployment)
    say(f"{name}: ready; smoke test")
    await smoke_test(endpoint, name, deployment.release)
    more = grown(before.routing.percent, after.routing.percent)
    await try_newcomers(endpoint, before, after, (each for each in more if each != name))
    say(f"{name}: answers as it should")
    await endpoint.follow(after, latest)


def _wanted(order: Order, endpoint: Endpoint, before: Change, deployment: Deployment) -> Change:
    """Return what the endpoint is to be in the end."""
    name, label = deployment.name, deployment.release.label
    held = before.routing.percent.get(name, 0)
    copies = before.routing.mirror.get(name, 0)
    if (held or copies) and before.releases[name] != label:
        has = f"answers {held} %" if held else f"gets copies of {copies} %"
        raise TargetError(
            f"{name}: it {has} of {endpoint.label} with {before.releases[name]}; "
            "deploy under another --name, or take its traffic away first"
        )
    return replace(
        before,
        kind="traffic",
        target=endpoint.file.target.kind,
        releases={**before.releases, name: label},
        routing=_routing(order, endpoint, before.routing, name),
        reason=order.reason,
    )


def _routing(order: Order, endpoint: Endpoint, before: Routing, name: str) -> Routing:
    plan, stated = endpoint.file.traffic, endpoint.file.stated_split
    held = before.percent.get(name, 0)
    others = any(share for each, share in before.percent.items() if each != name)
    mirror = {each: share for each, share in before.mirror.items() if each != name}
    if order.percent is None and stated and name == endpoint.file.name:
        return _as_stated(endpoint, before, name)
    if order.percent is not None:
        percent = order.percent
    elif held or not others:
        percent = held or 100
    elif plan.mirror:
        percent = 0
    else:
        percent = plan.steps[0]
    if plan.mirror and others and not percent:
        mirror[name] = plan.mirror
    return replace(with_share(before, name, percent), mirror=mirror, sticky=plan.sticky)


def _as_stated(endpoint: Endpoint, before: Routing, name: str) -> Routing:
    """Return the split of the template's file, whose prior deployment must be there."""
    stated = endpoint.file.stated_split
    for each, share in stated.items():
        if share and each != name and each not in before.percent:
            raise TargetError(
                f"{endpoint.file.label}: {each} is to have {share} %, "
                f"and {endpoint.label} has no such deployment"
            )
    percent = {**dict.fromkeys([*before.percent, name], 0), **stated}
    return replace(before, percent=percent, mirror={}, sticky=endpoint.file.traffic.sticky)
