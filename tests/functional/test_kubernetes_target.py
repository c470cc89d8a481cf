"""The Kubernetes target against an API server that refuses, is slow, breaks off or is changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from deployment_double import on_a_loop
from kubernetes_bench import KubernetesBench, deployment, kubernetes_bench
from kubernetes_controllers import CRASHING, NO_NODE, NO_PULL, NO_SETTING, READY, UNREADY
from kubernetes_server import write_kubeconfig

from llmops.domain.deployment import Resources, Routing
from llmops.errors import ConfigError, TargetError
from llmops.targets.kubernetes.target import Autoscaling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernetes_server import Request

BODY = b'{"text": "message 1"}'
BLUE, GREEN = deployment("blue"), deployment("green")
ALL_BLUE = Routing(percent={"blue": 100})
QUOTA = 'pods "messages-blue-1" is forbidden: exceeded quota: small'


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[KubernetesBench]:
    with kubernetes_bench(tmp_path) as made:
        yield made


def live(bench: KubernetesBench, plural: str, name: str = "messages-blue") -> dict[str, Any]:
    with bench.cluster.store.happened:
        return bench.cluster.store.get(plural, name).shown()


def there(bench: KubernetesBench) -> set[tuple[str, str]]:
    with bench.cluster.store.happened:
        return {each for each in bench.cluster.store.objects if each[0] != "pods"}


def as_another(
    bench: KubernetesBench, plural: str, name: str, change: dict[str, Any], manager: str
) -> None:
    """Change an object as somebody else who applies it by force."""
    with bench.cluster.store.happened:
        found = bench.cluster.store.get(plural, name).content
        parts = {key: found[key] for key in ("apiVersion", "kind")}
        identity = {key: found["metadata"][key] for key in ("name", "namespace")}
        query = {"fieldManager": manager, "force": "true"}
        spec = {**found["spec"], **change} if plural == "httproutes" else change
        stated = {**parts, "metadata": identity, "spec": spec}
        managed = bench.cluster.store.objects[plural, name]
        kept = managed.applied(stated, query["fieldManager"], force=True)
        bench.cluster.store.keep(plural, name, kept)


@on_a_loop
async def test_a_field_that_another_has_set_is_not_taken(bench: KubernetesBench) -> None:
    async with bench.open() as target:
        await target.put(BLUE)
        await target.route(ALL_BLUE)
        rules = live(bench, "httproutes", "messages")["spec"]["rules"]
        rules[0]["backendRefs"][0]["weight"] = 7
        as_another(bench, "httproutes", "messages", {"rules": rules}, "argocd")
        await target.put(GREEN)
        with pytest.raises(TargetError, match=r"argocd has set \.spec\.rules") as told:
            await target.route(Routing(percent={"blue": 90, "green": 10}))
        assert "have argocd give the field up" in str(told.value)
        rules = live(bench, "httproutes", "messages")["spec"]["rules"]
        assert [each["weight"] for each in rules[0]["backendRefs"]] == [7]
        assert (await target.state()).routing.percent == {"blue": 100, "green": 0}


@on_a_loop
async def test_a_number_that_a_person_has_set_is_not_taken(bench: KubernetesBench) -> None:
    async with bench.open() as target:
        await target.put(BLUE)
        as_another(bench, "deployments", "messages-blue", {"replicas": 4}, "kubectl")
        with pytest.raises(TargetError, match=r"kubectl has set \.spec\.replicas"):
            await target.put(BLUE)
        with pytest.raises(TargetError, match="kubectl"):
            await target.changes(BLUE)


@on_a_loop
async def test_a_rejected_manifest_is_told_and_changes_nothing(bench: KubernetesBench) -> None:
    stated = replace(BLUE, variables={"A": 1})  # type: ignore[dict-item]  what no file can state
    async with bench.open() as target:
        for attempt in (target.changes(stated), target.put(stated)):
            with pytest.raises(TargetError, match=r"422: ConfigMap .* is invalid: data\.A"):
                await attempt
    assert ("deployments", "messages-blue") not in there(bench)


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (401, "Unauthorized", "the cluster does not know who asks"),
        (403, 'services "x" is forbidden: User "ci" cannot patch', 'User "ci" cannot patch'),
        (500, "etcdserver: request timed out", "refused with 500: etcdserver"),
        (400, "unknown field", "refused with 400: unknown field"),
    ],
)
@on_a_loop
async def test_a_refusal_is_told_in_the_servers_words(
    bench: KubernetesBench, status: int, message: str, said: str
) -> None:
    bench.cluster.refuse = lambda request: (status, message) if request.is_change else None
    async with bench.open() as target:
        with pytest.raises(TargetError, match=said):
            await target.put(BLUE)
    assert there(bench) == set()


@on_a_loop
async def test_a_busy_server_is_asked_again(bench: KubernetesBench) -> None:
    left = [503, 429, 503]

    def refuse(request: Request) -> tuple[int, str] | None:
        return (left.pop(), "busy") if left and request.is_change else None

    bench.cluster.refuse = refuse
    async with bench.open() as target:
        await target.put(BLUE)
        assert not left
        assert (await target.state()).deployments[0].status == "ready"


@on_a_loop
async def test_a_cluster_without_the_gateway_api_is_told(bench: KubernetesBench) -> None:
    bench.cluster.missing = {"httproutes"}
    async with bench.open() as target:
        await target.put(BLUE)
        with pytest.raises(TargetError, match="an HTTPRoute needs the Gateway API"):
            await target.route(ALL_BLUE)


@on_a_loop
async def test_a_missing_namespace_is_told(bench: KubernetesBench) -> None:
    bench.cluster.namespaces.clear()
    async with bench.open() as target:
        with pytest.raises(TargetError, match="kubectl create namespace llm"):
            await target.put(BLUE)


@on_a_loop
async def test_nobody_at_the_address_is_told(bench: KubernetesBench) -> None:
    write_kubeconfig(bench.folder / "kubeconfig.json", "http://127.0.0.1:9")
    async with bench.open() as target:
        with pytest.raises(TargetError, match="the API server does not answer"):
            await target.state()


@on_a_loop
async def test_a_kubeconfig_that_is_not_there_is_told(bench: KubernetesBench) -> None:
    for fields in ({"kubeconfig": "none.json"}, {"context": "elsewhere"}):
        with pytest.raises(ConfigError, match=r"target\.kubeconfig"):
            async with bench.open(**fields):
                pass


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (NO_PULL, "the image cannot be pulled"),
        (NO_SETTING, 'secret "provider" not found'),
        (CRASHING, "its last lines:\nKeyError: 'STUB_URL'"),
    ],
)
@on_a_loop
async def test_a_rollout_that_cannot_succeed_ends_at_once(
    bench: KubernetesBench, fate: dict[str, Any], said: str
) -> None:
    bench.controllers.fates["messages-blue"] = fate
    bench.cluster.log = "KeyError: 'STUB_URL'"
    async with bench.open(rollout_seconds=3600) as target:
        with pytest.raises(TargetError) as told:
            await target.put(BLUE)
        assert said in str(told.value)
        (state,) = (await target.state()).deployments
        assert state.status == "failed"


@on_a_loop
async def test_a_full_quota_ends_it_at_once(bench: KubernetesBench) -> None:
    bench.controllers.forbidden["messages-blue"] = QUOTA
    async with bench.open(rollout_seconds=3600) as target:
        with pytest.raises(TargetError, match="exceeded quota: small"):
            await target.put(BLUE)


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (NO_NODE, "no node takes an instance: 0/3 nodes are available"),
        (UNREADY, "runs and is not ready: Startup probe failed: HTTP 503"),
    ],
)
@on_a_loop
async def test_what_may_still_come_is_waited_for_and_then_told(
    bench: KubernetesBench, fate: dict[str, Any], said: str
) -> None:
    bench.controllers.fates["messages-blue"] = fate
    bench.cluster.event = "Startup probe failed: HTTP 503"
    async with bench.open(rollout_seconds=1) as target:
        with pytest.raises(TargetError, match="not ready within 1 s") as told:
            await target.put(BLUE)
        assert said in str(told.value)


@on_a_loop
async def test_a_slow_rollout_is_waited_for(bench: KubernetesBench) -> None:
    bench.controllers.fates["messages-blue"] = UNREADY
    looked = 0

    def become_ready(request: Request) -> None:
        nonlocal looked
        looked += request.query.get("watch") == "true"
        if looked == 2:  # llmops has seen that it is not ready, and watches
            bench.controllers.fates["messages-blue"] = READY

    bench.cluster.seen = become_ready
    async with bench.open() as target:
        await target.put(BLUE)
        assert looked >= 2
        assert (await target.state()).deployments[0].status == "ready"


@on_a_loop
async def test_a_watch_from_a_forgotten_version_begins_anew(bench: KubernetesBench) -> None:
    bench.cluster.store.oldest = 10**9
    async with bench.open() as target:
        await target.put(BLUE)
        await target.route(ALL_BLUE)
        await target.remove("green")


@on_a_loop
async def test_a_route_that_no_gateway_takes_is_told(bench: KubernetesBench) -> None:
    bench.controllers.objection = "Service messages-blue not found"
    async with bench.open(route_seconds=1) as target:
        await target.put(BLUE)
        with pytest.raises(TargetError, match="BackendNotFound: Service messages-blue not found"):
            await target.route(ALL_BLUE)


@on_a_loop
async def test_what_a_route_cannot_say_changes_nothing(bench: KubernetesBench) -> None:
    async with bench.open() as target:
        await target.put(BLUE)
        await target.route(ALL_BLUE)
        with pytest.raises(TargetError, match="session"):
            await target.route(replace(ALL_BLUE, sticky="cookie:user"))
        with pytest.raises(TargetError, match="not deployed: green"):
            await target.route(Routing(percent={"blue": 90, "green": 10}))
        assert (await target.state()).routing == ALL_BLUE


@on_a_loop
async def test_copies_go_to_who_has_no_share_and_end_with_it(bench: KubernetesBench) -> None:
    mirrored = Routing(percent={"blue": 100, "green": 0}, mirror={"green": 25})
    async with bench.open() as target:
        for each in (BLUE, GREEN):
            await target.put(each)
        await target.route(mirrored)
        assert (await target.state()).routing == mirrored
        await target.remove("green")
        assert (await target.state()).routing == ALL_BLUE


@on_a_loop
async def test_who_has_a_share_is_not_taken_away(bench: KubernetesBench) -> None:
    async with bench.open() as target:
        await target.put(BLUE)
        await target.route(ALL_BLUE)
        with pytest.raises(TargetError, match="100 % of the requests"):
            await target.remove("blue")
        assert (await target.ask("blue", BODY)).status == 200


@on_a_loop
async def test_names_of_others_are_left_alone(bench: KubernetesBench) -> None:
    async with bench.open() as target:
        await target.put(BLUE)
        await target.route(ALL_BLUE)
    before = there(bench)
    async with bench.open(environment="prod") as target:
        with pytest.raises(TargetError, match="HTTPRoute messages: it is there and without"):
            await target.state()
        with pytest.raises(TargetError, match="without the labels llmops/environment=prod"):
            await target.put(replace(BLUE, variables={}))
        with pytest.raises(TargetError, match="another endpoint's"):
            await target.close_endpoint()
    assert there(bench) == before


@on_a_loop
async def test_what_a_deployment_answers_is_its_own(bench: KubernetesBench) -> None:
    bench.cluster.answer = lambda name, body: (500, name.encode() + b" " + body)
    async with bench.open() as target:
        await target.put(BLUE)
        reply = await target.ask("blue", BODY)
        assert (reply.status, reply.content) == (500, b"blue " + BODY)
        bench.cluster.refuse = lambda request: (403, "cannot") if request.part else None
        with pytest.raises(TargetError, match="cannot"):
            await target.ask("blue", BODY)


@on_a_loop
async def test_the_autoscaler_comes_and_goes_and_no_instance_with_it(
    bench: KubernetesBench,
) -> None:
    stated = replace(BLUE, instances=3, resources=Resources(cpu="1"))
    scaled: dict[str, Any] = {"autoscaling": Autoscaling(min_instances=2, max_instances=9)}
    numbers: list[int] = []

    def note(_: Request) -> None:
        with bench.cluster.store.happened:
            found = bench.cluster.store.objects.get(("deployments", "messages-blue"))
            numbers.extend([found.content["spec"]["replicas"]] if found else [])

    async with bench.open() as target:
        await target.put(stated)
    bench.cluster.seen = note
    async with bench.open(**scaled) as target:
        changes = await target.changes(stated)
        assert changes == ["HorizontalPodAutoscaler messages-blue: new"]
        await target.put(stated)
        assert await target.changes(stated) == []
    with bench.cluster.store.happened:
        change = {"spec": {"replicas": 5}}
        manager = "kube-controller-manager"
        bench.cluster.store.update("deployments", "messages-blue", change, manager)
    async with bench.open() as target:
        assert await target.changes(stated) == [
            "Deployment messages-blue: spec.replicas: 5 -> 3",
            "HorizontalPodAutoscaler messages-blue: deleted",
        ]
        await target.put(stated)
        assert await target.changes(stated) == []
    assert ("horizontalpodautoscalers", "messages-blue") not in there(bench)
    assert set(numbers) <= {3, 5}


@on_a_loop
async def test_a_new_one_has_as_many_instances_as_the_autoscaler_wants(
    bench: KubernetesBench,
) -> None:
    scaling = Autoscaling(min_instances=3, max_instances=9)
    async with bench.open(autoscaling=scaling) as target:
        await target.put(replace(BLUE, resources=Resources(cpu="1")))
        assert live(bench, "deployments")["status"]["availableReplicas"] == 3


@on_a_loop
async def test_cut_off_at_any_change_the_same_again_comes_to_the_same_end(
    bench: KubernetesBench,
) -> None:
    """Nothing is kept outside of the cluster: a command that is killed is one that stops asking."""
    cluster = bench.cluster

    async def all_verbs() -> None:
        async with bench.open() as target:
            for each in (BLUE, GREEN):
                await target.put(each)
            await target.route(Routing(percent={"blue": 90, "green": 10}))
            await target.route(Routing(percent={"blue": 0, "green": 100}))
            await target.remove("blue")

    async def take_away() -> None:
        async with bench.open() as target:
            await target.route(Routing())
            for each in ("blue", "green"):
                await target.remove(each)

    await all_verbs()
    changes, end = cluster.changes, there(bench)
    assert changes > 20
    for cut, after in product(range(1, changes + 1), (False, True)):
        await take_away()
        assert there(bench) == set()
        cluster.changes, cluster.cut_at, cluster.cut_after = 0, cut, after
        with pytest.raises(TargetError, match="does not answer"):
            await all_verbs()
        cluster.cut_at = 0
        await all_verbs()
        assert there(bench) == end, (cut, after)
