"""Puts a deployment's objects in place, and says beforehand what that would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.targets.kubernetes.differences import differences
from llmops.targets.kubernetes.manifests import manifests
from llmops.targets.kubernetes.naming import object_name
from llmops.targets.kubernetes.objects import (
    APPLIED,
    AUTOSCALER,
    DEPLOYMENT,
    Object,
    kind_of,
    name_of,
    title,
)
from llmops.targets.kubernetes.scaling import KEEPER, is_taken_back, kept_number
from llmops.targets.kubernetes.waiting import until_gone

if TYPE_CHECKING:
    from llmops.domain.deployment import Deployment
    from llmops.targets.kubernetes.scope import Scope


async def changes(scope: Scope, deployment: Deployment) -> list[str]:
    """Return what the API server says that applying would change; nothing is changed.

    Raises:
        TargetError: when it would refuse.
    """
    lines: list[str] = []
    for manifest in manifests(scope.target, scope.identity, deployment):
        live = await scope.own(kind_of(manifest), name_of(manifest), deployment.name)
        stated = manifest
        if live and kind_of(manifest) is DEPLOYMENT:
            number = live["spec"]["replicas"]
            if taken_back := is_taken_back(manifest, live):
                lines.append(
                    f"{title(live)}: spec.replicas: {number} -> {manifest['spec']['replicas']}"
                )
            if taken_back or kept_number(manifest, live):
                stated = {**manifest, "spec": {**manifest["spec"], "replicas": number}}
        lines += differences(live, await scope.api.apply(stated, dry_run=True))
    stale = await _stale_autoscalers(scope, deployment)
    return [*lines, *(f"{AUTOSCALER.name} {name}: deleted" for name in stale)]


async def put(scope: Scope, deployment: Deployment) -> None:
    """Apply everything, in order; what is as stated stays as it is.

    Raises:
        TargetError: when the API server refuses, or a name is somebody else's.
    """
    stated = manifests(scope.target, scope.identity, deployment)
    for manifest in stated:  # all, before anything is applied
        await scope.own(kind_of(manifest), name_of(manifest), deployment.name)
    for name in await _stale_autoscalers(scope, deployment):
        await scope.api.delete(AUTOSCALER, name)
    for manifest in stated:
        if kind_of(manifest) is DEPLOYMENT:
            await _pass_number_on(scope, manifest)
        await scope.api.apply(manifest)


async def take_away(scope: Scope, deployment: str) -> None:
    """Delete everything: the Service last, so that what a crash leaves is still found.

    Raises:
        TargetError: when the API server refuses, or an instance does not end.
    """
    name = object_name(scope.identity.endpoint, deployment)
    for kind in reversed(APPLIED):
        if await scope.own(kind, name, deployment):
            await scope.api.delete(kind, name)
        if kind is DEPLOYMENT:
            await until_gone(scope, deployment)


async def _stale_autoscalers(scope: Scope, deployment: Deployment) -> list[str]:
    if scope.target.autoscaling:
        return []
    labels = scope.identity.selector(deployment.name)
    return [name_of(each) for each in await scope.api.list(AUTOSCALER, labels)]


async def _pass_number_on(scope: Scope, manifest: Object) -> None:
    """Have nobody lose instances when the autoscaler, or we, set their number from now on."""
    live = await scope.api.get(DEPLOYMENT, name_of(manifest))
    if live is None:
        return
    if kept := kept_number(manifest, live):
        await scope.api.apply(kept, manager=KEEPER)
    elif is_taken_back(manifest, live):
        await scope.api.scale(name_of(manifest), manifest["spec"]["replicas"])
