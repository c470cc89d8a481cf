"""The commands as people say them, on an API server double: the ledger and the cluster agree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from approving import ENVIRONMENT, Released, release
from kubernetes_bench import KubernetesBench, kubernetes_bench
from kubernetes_controllers import NO_PULL
from llm_stub import LLMStub, served
from sample_project import make_project

from llmops import ledger
from llmops.pipeline.audit import audit

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator, Iterator

A, B = "messages-1", "messages-2"
PLAN = """\
endpoint: inbox
target:
  kind: kubernetes
  kubeconfig: kubeconfig.json
  namespace: llm
  image: registry.test/llm/{name}:{number}
  gateway: {name: public}
  hostnames: [inbox.test]
  rollout_seconds: 60
traffic: {steps: [10, 50], bake_minutes: 0, bake_requests: 0}
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Generator[Released]:
    with served(LLMStub()) as stub:
        project = make_project(tmp_path_factory.mktemp("released"), stub)
        done = project.llmops("run", "experiments/messages", GITHUB_ACTOR="grace")
        assert done.returncode == 0, done.stderr
        (project.folder / "experiments/messages/deployment.yaml").write_text(PLAN)
        first = release(project, ("long", "reasoned"), max_traffic=100)
        second = release(project, ("long", "direct"), max_traffic=50)
        yield Released(project, (*first.releases, *second.releases))


@pytest.fixture
def bench(released: Released) -> Iterator[KubernetesBench]:
    """A cluster with nothing in it, and a ledger without the changes of another test."""
    folder = released.project.folder
    before = ledger.path_of(folder).read_bytes()
    outputs = released.releases[0].outputs
    with kubernetes_bench(folder) as made:
        made.cluster.answer = lambda name, body: (
            (200, json.dumps(dict.fromkeys(outputs, name)).encode())
            if "text" in json.loads(body)
            else (400, b"{}")
        )
        yield made
    ledger.path_of(folder).write_bytes(before)


def say(
    released: Released, verb: str, *words: str, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = released.project.llmops(verb, *words, "--env", ENVIRONMENT, GITHUB_ACTOR="grace")
    assert done.returncode == code, done.stdout + done.stderr
    return done


def weights(bench: KubernetesBench) -> dict[str, int]:
    with bench.cluster.store.happened:
        route = bench.cluster.store.get("httproutes", "inbox").content
    return {
        each["name"].removeprefix("inbox-"): each["weight"]
        for each in route["spec"]["rules"][0]["backendRefs"]
    }


def test_from_nothing_to_a_split_and_back(released: Released, bench: KubernetesBench) -> None:
    done = say(released, "deploy", "messages/1", "--dry-run")
    assert f"would change  {A}: Deployment inbox-{A}: new" in done.stdout
    assert not bench.cluster.store.objects
    assert "https://inbox.test" in say(released, "deploy", "messages/1").stdout
    assert weights(bench) == {A: 100}
    say(released, "deploy", "messages/2")
    assert weights(bench) == {A: 90, B: 10}
    say(released, "promote", "messages")
    assert weights(bench) == {A: 50, B: 50}
    refused = say(released, "traffic", "messages", f"{A}=10", f"{B}=90", code=5)
    assert "50" in refused.stderr
    assert weights(bench) == {A: 50, B: 50}
    say(released, "rollback", "messages", "--reason", "it is rude")
    assert weights(bench) == {A: 100, B: 0}
    assert f"{A}  100 %" in say(released, "status", "messages").stdout
    say(released, "delete", "messages", B)
    assert weights(bench) == {A: 100}
    assert audit(released.project.folder).breaks == ()


def test_a_deployment_that_fails_leaves_the_traffic(
    released: Released, bench: KubernetesBench
) -> None:
    say(released, "deploy", "messages/1")
    bench.controllers.fates[f"inbox-{B}"] = NO_PULL
    done = say(released, "deploy", "messages/2", code=6)
    assert "the image cannot be pulled (ImagePullBackOff)" in done.stderr
    bench.controllers.fates.clear()
    say(released, "delete", "messages", B)
    bench.cluster.answer = lambda _name, _body: (500, b"broken")
    done = say(released, "deploy", "messages/2", code=6)
    assert "the smoke test failed: status 500: broken" in done.stderr
    assert weights(bench) == {A: 100}
