"""`llmops render`: what deploying would apply, for those who apply it by committing it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
from approving import ENVIRONMENT, Released, release
from kubernetes_bench import KubernetesBench, kubernetes_bench
from llm_stub import LLMStub, served
from ruamel.yaml import YAML
from sample_project import make_project

from llmops import ledger
from llmops.deployment import load_deployment
from llmops.domain.deployment import Place
from llmops.errors import ApprovalError, ConfigError
from llmops.pipeline.render import Wish, render

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from llmops.domain.deployment import Deployment
    from llmops.targets import AnyTarget

PLAN = """\
endpoint: inbox
target:
  kind: kubernetes
  kubeconfig: kubeconfig.json
  namespace: llm
  image: registry.test/llm/{name}:{number}
  gateway: {name: public}
"""
A, B = "messages-1", "messages-2"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Generator[Released]:
    """Approve the first release up to 100 %, the second up to 20 %."""
    with served(LLMStub()) as stub:
        project = make_project(tmp_path_factory.mktemp("released"), stub)
        done = project.llmops("run", "experiments/messages", GITHUB_ACTOR="grace")
        assert done.returncode == 0, done.stderr
        first = release(project, ("long", "reasoned"), max_traffic=100)
        second = release(project, ("long", "direct"), max_traffic=20)
        (project.folder / "experiments/messages/deployment.yaml").write_text(PLAN)
        yield Released(project, (*first.releases, *second.releases))


def documents(text: str) -> list[dict[str, Any]]:
    load = cast("Any", YAML(typ="safe", pure=True)).load_all
    return list(load(text))


def rendered(released: Released, name: str = "messages/2", /, **shares: int) -> dict[str, str]:
    stated = {each.replace("_", "-"): share for each, share in shares.items()}
    wish = Wish(release=name, environment=ENVIRONMENT, shares=stated)
    return dict(render(released.project.folder, wish))


def weights(files: dict[str, str]) -> dict[str, int]:
    (route,) = documents(files["route-inbox.yaml"])
    return {each["name"]: each["weight"] for each in route["spec"]["rules"][0]["backendRefs"]}


def test_a_folder_has_a_file_of_the_deployment_and_one_of_the_route(
    released: Released, tmp_path: Path
) -> None:
    folder = tmp_path / "manifests"
    arguments = ("messages/1", "--env", ENVIRONMENT, "--output", str(folder))
    done = released.project.llmops("render", *arguments)
    assert done.returncode == 0, done.stderr
    files = {path.name: documents(path.read_text()) for path in sorted(folder.iterdir())}
    assert set(files) == {"deployment-inbox-messages-1.yaml", "route-inbox.yaml"}
    kinds = [each["kind"] for each in files["deployment-inbox-messages-1.yaml"]]
    assert kinds == [
        *("Service", "ServiceAccount", "ConfigMap", "NetworkPolicy"),
        *("Deployment", "PodDisruptionBudget"),
    ]
    printed = released.project.llmops("render", *arguments[:3])
    assert documents(printed.stdout) == [each for objects in files.values() for each in objects]


def test_the_same_is_written_every_time(released: Released) -> None:
    assert rendered(released) == rendered(released)


def test_it_is_what_deploy_would_apply(released: Released, tmp_path: Path) -> None:
    """Somebody applies the files under our name; then there is nothing left to change."""
    project = released.project.folder
    first = released.releases[0]
    file = load_deployment(project, "messages", ENVIRONMENT)
    deployment = file.deployment(first, project / "reports/releases/messages/1")
    with kubernetes_bench(tmp_path) as bench:
        apply(bench, rendered(released, "messages/1")[f"deployment-inbox-{A}.yaml"])
        assert changes(bench, file.target, deployment) == []


def test_a_new_deployment_has_no_share_unless_it_is_stated(released: Released) -> None:
    assert weights(rendered(released)) == {"inbox-messages-2": 0}
    stated = rendered(released, messages_1=90, messages_2=10)
    assert weights(stated) == {"inbox-messages-1": 90, "inbox-messages-2": 10}


def test_what_the_ledger_says_is_kept(released: Released) -> None:
    root = released.project.folder
    body = {
        "endpoint": f"{ENVIRONMENT}/inbox",
        "target": "kubernetes",
        "releases": {A: "messages/1"},
        "traffic": {A: 100},
        "mirror": {},
        "sticky": "",
        "reason": "",
    }
    before = ledger.path_of(root).read_bytes()
    ledger.append(root, "traffic", body, "grace")
    try:
        assert weights(rendered(released)) == {"inbox-messages-1": 100, "inbox-messages-2": 0}
    finally:
        ledger.path_of(root).write_bytes(before)


def test_a_share_beyond_the_approval_is_refused(released: Released) -> None:
    with pytest.raises(ApprovalError, match="20"):
        rendered(released, messages_1=50, messages_2=50)
    done = released.project.llmops(
        "render", "messages/2", "--env", ENVIRONMENT, "--traffic", f"{B}=100"
    )
    assert (done.returncode, done.stdout) == (5, "")


def test_what_is_not_approved_there_is_refused(released: Released) -> None:
    with pytest.raises(ApprovalError, match="elsewhere"):
        render(released.project.folder, Wish(release="messages/1", environment="elsewhere"))


@pytest.mark.parametrize(
    ("shares", "said"),
    [({"messages_1": 90, "messages_2": 20}, "100 together"), ({"messages_9": 100}, "messages/9")],
)
def test_shares_that_make_no_sense_are_refused(
    released: Released, shares: dict[str, int], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        rendered(released, **shares)


def test_another_target_has_no_manifests(released: Released) -> None:
    wish = Wish(release="messages/1", environment=ENVIRONMENT, overrides=["target.kind=local"])
    with pytest.raises(ConfigError, match="local; kubernetes"):
        render(released.project.folder, wish)


def apply(bench: KubernetesBench, text: str) -> None:
    plurals = {
        "Service": "services",
        "ServiceAccount": "serviceaccounts",
        "ConfigMap": "configmaps",
        "NetworkPolicy": "networkpolicies",
        "Deployment": "deployments",
        "PodDisruptionBudget": "poddisruptionbudgets",
    }
    with bench.cluster.store.happened:
        for each in documents(text):
            name, query = each["metadata"]["name"], {"fieldManager": "llmops"}
            bench.cluster.store.apply(plurals[each["kind"]], name, each, query)


def changes(bench: KubernetesBench, target: AnyTarget, deployment: Deployment) -> list[str]:
    async def look() -> list[str]:
        place = Place(project=bench.folder, environment=ENVIRONMENT, endpoint="inbox", variables={})
        async with target.open(place) as endpoint:
            return list(await endpoint.changes(deployment))

    return asyncio.run(look())
