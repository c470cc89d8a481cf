"""The verbs against a real API server: LLMOPS_TEST_KUBECONFIG names one that stands alone.

That is etcd and kube-apiserver, as for tests of operators; what controllers, nodes and a Gateway do
is played here. So no pod runs, and nothing can be asked by way of the API server.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from gateway_schemas import FOLDER, gateway_schema
from kubernetes_bench import deployment, kubernetes_target
from kubernetes_controllers import (
    CRASHING,
    DEPLOYMENTS,
    ROUTES,
    Controllers,
    controllers,
)

from llmops.concurrency import run_interruptible
from llmops.domain.deployment import EndpointState, Place, Resources, Routing
from llmops.errors import TargetError
from llmops.targets.kubernetes.objects import HTTP_ROUTE, Kind
from llmops.targets.kubernetes.target import Autoscaling
from llmops.targets.local.supervised import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator
    from contextlib import AbstractAsyncContextManager

    from llmops.domain.deployment import Target

    Object = dict[str, Any]

KUBECONFIG = os.environ.get("LLMOPS_TEST_KUBECONFIG", "")
pytestmark = pytest.mark.skipif(not KUBECONFIG, reason="LLMOPS_TEST_KUBECONFIG is not set")
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
BLUE, GREEN = deployment("blue"), deployment("green")


@dataclass(frozen=True)
class Cluster:
    acting: Controllers

    def open(self, **fields: Any) -> AbstractAsyncContextManager[Target]:
        kind = kubernetes_target(
            kubeconfig=str(Path(KUBECONFIG).resolve()), namespace=self.acting.namespace, **fields
        )
        place = Place(project=Path(), environment="dev", endpoint="messages", variables={})
        return kind.open(place)

    def do(self, work: Callable[[Target], Awaitable[object]], **fields: Any) -> EndpointState:
        """Do something as a command of its own, and return what is there then."""

        async def command() -> EndpointState:
            async with self.open(**fields) as target:
                await work(target)
                return await target.state()

        return run_interruptible(command())

    def route(self, **percent: int) -> dict[str, int]:
        state = self.do(lambda target: target.route(Routing(percent=percent)))
        return dict(state.routing.percent)

    def weights(self) -> dict[str, int]:
        route = self.acting.send("GET", self.path)
        return {each["name"]: each["weight"] for each in route["spec"]["rules"][0]["backendRefs"]}

    @property
    def path(self) -> str:
        return f"{ROUTES}/namespaces/{self.acting.namespace}/httproutes/messages"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with namespace() as name, controllers(Path(KUBECONFIG), name) as acting:
        yield Cluster(acting)


@contextmanager
def namespace() -> Generator[str]:
    """Make a namespace, and HTTPRoutes where the API server does not have them."""
    name = f"llmops-{uuid.uuid4().hex[:8]}"
    with controllers(Path(KUBECONFIG), name) as acting:
        acting.ended.set()  # it only sends
        route = gateway_schema("httproutes") or pytest.skip(f"no schemas in {FOLDER}")
        _have(acting, HTTP_ROUTE, cast("Object", structural(route)))
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        acting.send("POST", "/api/v1/namespaces", body)
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        acting.send("POST", f"/api/v1/namespaces/{name}/serviceaccounts", account)
        yield name
        acting.send("DELETE", f"/api/v1/namespaces/{name}")


def _have(acting: Controllers, kind: Kind, schema: Object) -> None:
    """Define a kind where it is missing, and wait until it is served."""
    if acting.send("GET", kind.path("default")).get("items") is not None:
        return
    group, _, version = kind.version.partition("/")
    spec: Object = {
        "group": group,
        "scope": "Namespaced",
        "names": {"plural": kind.plural, "kind": kind.name, "singular": kind.name.lower()},
        "versions": [
            {
                "name": version,
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": schema},
                "subresources": {"status": {}},
            }
        ],
    }
    approved = {"api-approved.kubernetes.io": "unapproved, a test"}
    metadata: Object = {"name": f"{kind.plural}.{group}", "annotations": approved}
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    acting.send("POST", DEFINITIONS, {**body, "metadata": metadata, "spec": spec})

    asyncio.run(until(lambda: "items" in acting.send("GET", kind.path("default"))))


def structural(schema: object) -> object:
    """Return a schema as a definition may have it: closed by pruning, and without what is newer."""
    if isinstance(schema, list):
        return [structural(each) for each in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    return {
        key: structural(each)
        for key, each in cast("Object", schema).items()
        if key not in ("additionalProperties", "x-kubernetes-validations")
        and (key, each) != ("default", "")
    }


def test_deploy_split_promote_roll_back_and_take_away(cluster: Cluster) -> None:
    state = cluster.do(lambda target: target.put(BLUE))
    (blue,) = state.deployments
    assert (blue.status, blue.release, blue.digest) == ("ready", "messages/3", "d" * 64)
    assert cluster.route(blue=100) == {"blue": 100}
    assert dict(cluster.do(lambda target: target.put(GREEN)).routing.percent) == {
        "blue": 100,
        "green": 0,
    }
    assert cluster.route(blue=90, green=10) == {"blue": 90, "green": 10}
    assert cluster.weights() == {"messages-blue": 90, "messages-green": 10}
    assert cluster.route(blue=0, green=100) == {"blue": 0, "green": 100}
    assert cluster.route(blue=100, green=0) == {"blue": 100, "green": 0}
    state = cluster.do(lambda target: target.remove("green"))
    assert [each.name for each in state.deployments] == ["blue"]
    cluster.do(lambda target: target.route(Routing()))
    assert cluster.do(lambda target: target.remove("blue")) == EndpointState()


def test_what_is_there_as_stated_is_no_change_and_what_is_not_is_told(cluster: Cluster) -> None:
    found: list[str] = []

    async def look(target: Target) -> None:
        found[:] = await target.changes(replace(BLUE, instances=2) if found else BLUE)

    cluster.do(look)
    assert len(found) == 6
    found.clear()
    cluster.do(lambda target: target.put(BLUE))
    cluster.do(look)
    assert found == []
    found.append("")
    cluster.do(look)
    assert found == ["Deployment messages-blue: spec.replicas: 1 -> 2"]


def test_what_does_not_become_ready_leaves_the_traffic(cluster: Cluster) -> None:
    cluster.do(lambda target: target.put(BLUE))
    cluster.route(blue=100)
    cluster.acting.fates["messages-green"] = CRASHING
    with pytest.raises(TargetError, match="CrashLoopBackOff"):
        cluster.do(lambda target: target.put(GREEN))
    assert cluster.weights() == {"messages-blue": 100}


def test_a_field_of_another_manager_is_not_taken(cluster: Cluster) -> None:
    for each in (BLUE, GREEN):
        cluster.do(lambda target, each=each: target.put(each))
    cluster.route(blue=100, green=0)
    rules = cluster.acting.send("GET", cluster.path)["spec"]["rules"]
    rules[0]["backendRefs"][0]["weight"] = 7
    cluster.acting.send("PATCH", cluster.path, {"spec": {"rules": rules}}, fieldManager="argocd")
    with pytest.raises(TargetError, match=r"argocd has set \.spec\.rules"):
        cluster.route(blue=90, green=10)
    assert cluster.weights() == {"messages-blue": 7, "messages-green": 0}


def test_a_rejected_manifest_is_told(cluster: Cluster) -> None:
    with pytest.raises(TargetError, match=r"422.*a name"):
        cluster.do(lambda target: target.put(BLUE), labels={"a name": "x"})
    state = cluster.do(lambda target: target.put(BLUE))
    assert state.deployments[0].status == "ready"


def test_the_autoscaler_takes_over_and_no_instance_ends(cluster: Cluster) -> None:
    stated = replace(BLUE, instances=3, resources=Resources(cpu="1"))
    cluster.do(lambda target: target.put(stated))
    scaling = Autoscaling(min_instances=2, max_instances=9)
    cluster.do(lambda target: target.put(stated), autoscaling=scaling)
    path = f"{DEPLOYMENTS}/namespaces/{cluster.acting.namespace}/deployments/messages-blue"
    assert cluster.acting.send("GET", path)["spec"]["replicas"] == 3
    cluster.do(lambda target: target.put(stated), autoscaling=scaling)
    assert cluster.acting.send("GET", path)["spec"]["replicas"] == 3
