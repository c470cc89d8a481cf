"""The Kubernetes target over an API server double, with somebody who does what is applied."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubernetes_controllers import CRASHING, READY, Controllers, controllers
from kubernetes_server import KubernetesServer, kubernetes_server, write_kubeconfig

from llmops.domain.deployment import Deployment, Place
from llmops.domain.release import Release
from llmops.targets.kubernetes import KubernetesTarget
from llmops.targets.kubernetes.target import Gateway

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractAsyncContextManager

    from sample_project import Project

    from llmops.domain.deployment import Target

NAMESPACE = "llm"
RELEASE = Release(
    name="messages",
    number=3,
    created="2026-01-01T00:00:00+00:00",
    flow="flow/flow.dag.yaml",
    configuration={"id": "c1", "label": "long"},
    inputs={"text": "string"},
    outputs=("label",),
    connections=("provider",),
    packages={},
    lineage={"run": "messages/r1", "evidence": "e" * 64},
    files={},
    digest="d" * 64,
)


def kubernetes_target(**fields: Any) -> KubernetesTarget:
    usual: dict[str, Any] = {
        "kind": "kubernetes",
        "kubeconfig": "kubeconfig.json",
        "namespace": NAMESPACE,
        "image": "registry.test/llm/{name}:{number}",
        "gateway": Gateway(name="public", namespace="gateways"),
        "hostnames": ("messages.test",),
        "rollout_seconds": 30,
        "route_seconds": 30,
    }
    return KubernetesTarget(**{**usual, **fields})


def deployment(name: str = "blue", **fields: Any) -> Deployment:
    usual: dict[str, Any] = {
        "endpoint": "messages",
        "name": name,
        "release": RELEASE,
        "folder": Path("reports/releases/messages/3"),
        "variables": {"STUB_URL": "http://provider.test"},
        "secrets": {"OPENAI_API_KEY": "provider/key"},
    }
    return Deployment(**{**usual, **fields})


@dataclass(frozen=True, kw_only=True)
class KubernetesBench:
    """See `target_bench`; `cluster` is the double, `controllers` who acts in it."""

    folder: Path
    cluster: KubernetesServer
    controllers: Controllers
    kind: KubernetesTarget
    sticky: str = ""

    def open(self, environment: str = "dev", **fields: Any) -> AbstractAsyncContextManager[Target]:
        place = Place(
            project=self.folder, environment=environment, endpoint="messages", variables={}
        )
        return (self.kind.model_copy(update=fields) if fields else self.kind).open(place)

    def deployment(self, name: str) -> Deployment:
        self.controllers.fates[f"messages-{name}"] = READY
        return deployment(name)

    def broken(self, name: str) -> Deployment:
        """Return one whose instances end as soon as they are started."""
        self.controllers.fates[f"messages-{name}"] = CRASHING
        return replace(deployment(name), variables={"STUB_URL": ""})


@contextmanager
def kubernetes_bench(folder: Path, **fields: Any) -> Generator[KubernetesBench]:
    """Start everything in a folder, which gets the kubeconfig."""
    with kubernetes_server() as cluster:
        kubeconfig = write_kubeconfig(folder / "kubeconfig.json", cluster.url)
        with controllers(kubeconfig, NAMESPACE) as acting:
            bench = KubernetesBench(
                folder=folder,
                cluster=cluster,
                controllers=acting,
                kind=kubernetes_target(**fields),
            )
            try:
                yield bench
            finally:
                acting.ended.set()
                cluster.store.close()


@contextmanager
def kubernetes_project_bench(project: Project) -> Generator[KubernetesBench]:
    with kubernetes_bench(project.folder) as bench:
        yield bench
