"""Writes what a release is on Kubernetes, for those who deploy by committing it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from llmops import ledger
from llmops.deployment import load_deployment
from llmops.domain.deployment import Routing
from llmops.domain.endpoint_history import Change, history
from llmops.errors import ApprovalError, ConfigError, Fault
from llmops.registries.catalogue import Catalogue
from llmops.registries.folder import FolderRegistry, releases_folder
from llmops.rollout.allowed import require_growth, require_share
from llmops.targets.kubernetes import KubernetesTarget, Rendered, render_manifests
from llmops.yaml import dump

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmops.deployment import DeploymentFile
    from llmops.domain.deployment import Deployment
    from llmops.domain.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be written.

    `experiment` empty: that of the release's run. `name` is the deployment's, empty: the file's.
    `shares` are percent by deployment; empty: those in the ledger, and none for a new one.
    """

    release: str
    environment: str
    experiment: str = ""
    name: str = ""
    shares: Mapping[str, int] = field(default_factory=dict[str, int])
    overrides: Sequence[str] = ()


def render(project: Path, wish: Wish) -> Mapping[str, str]:
    """Return YAML by file name: one of the deployment's objects, one of the endpoint's route.

    Raises:
        ConfigError: when there is no such release, or Kubernetes cannot serve it so.
        ApprovalError: when no approval allows it, or its shares.
    """
    release = Catalogue(project=project, actor="").load(wish.release)
    experiment = wish.experiment or str(release.lineage.get("run", "")).partition("/")[0]
    file = load_deployment(project, experiment, wish.environment, overrides=wish.overrides)
    if not isinstance(file.target, KubernetesTarget):
        fault = Fault(
            where=file.label, seen=f"target.kind: {file.target.kind}", allowed="kubernetes"
        )
        raise ConfigError([fault])
    folder = FolderRegistry(root=releases_folder(project)).folder(release.name, release.number)
    deployment = file.deployment(release, folder, wish.name)
    before = _before(project, file)
    after = _after(project, wish, before, deployment)
    require_share(project, release, wish.environment, after.routing.percent[deployment.name])
    require_growth(project, before, after)
    rendered = render_manifests(file.target, wish.environment, deployment, after.routing)
    return _files(rendered, release)


def _before(project: Path, file: DeploymentFile) -> Change:
    verified = ledger.verify(project)
    if verified.breaks:
        raise ApprovalError("\n".join(map(str, verified.breaks)))
    label = f"{file.environment}/{file.endpoint}"
    if changes := history(verified.records, label):
        return changes[-1].change
    routing = Routing(sticky=file.traffic.sticky)
    return Change(endpoint=label, target=file.target.kind, releases={}, routing=routing)


def _after(project: Path, wish: Wish, before: Change, deployment: Deployment) -> Change:
    """Return the endpoint as it is to be; other deployments have their default names."""
    name = deployment.name
    percent = dict(wish.shares) or {name: 0, **before.routing.percent}
    if sum(percent.values()) not in (0, 100):
        stated = ", ".join(f"{each}={share}" for each, share in percent.items())
        raise ConfigError([Fault(where="--traffic", seen=stated, allowed="100 together")])
    others = {
        each: before.releases.get(each) or _release_of(project, each)
        for each in percent
        if each != name
    }
    routing = replace(before.routing, percent={name: 0, **percent})
    return replace(before, releases={**others, name: deployment.release.label}, routing=routing)


def _release_of(project: Path, name: str) -> str:
    label = "/".join(name.rsplit("-", 1))
    return Catalogue(project=project, actor="").load(label).label


def _files(rendered: Rendered, release: Release) -> Mapping[str, str]:
    header = f"# Written by llmops render: {release.label}, {release.digest}\n"
    return {
        f"{name}.yaml": header + "---\n".join(map(dump, objects))
        for name, objects in rendered.items()
    }
