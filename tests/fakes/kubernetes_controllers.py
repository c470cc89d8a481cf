"""Who does what is applied: makes instances, reports on them, takes routes. Over any API server."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from kubernetes import config as kubernetes_config
from kubernetes.client import ApiClient, Configuration
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    Object = dict[str, Any]

ROUTES = "/apis/gateway.networking.k8s.io/v1"
DEPLOYMENTS = "/apis/apps/v1"
AUTOSCALERS = "/apis/autoscaling/v2"
_NOW = "2026-01-01T00:00:00Z"


def waits(reason: str, message: str) -> Object:
    """Return the status of an instance that is kept from running."""
    waiting = {"reason": reason, "message": message}
    return {"phase": "Pending", "containerStatuses": [_container(waiting=waiting)]}


def _container(*, ready: bool = False, restarts: int = 0, **state: object) -> Object:
    about = {"name": "server", "image": "x", "imageID": "", "restartCount": restarts}
    return {**about, "ready": ready, "state": state}


RUNNING: Object = {"startedAt": _NOW}
READY: Object = {
    "phase": "Running",
    "containerStatuses": [_container(ready=True, running=RUNNING)],
}
UNREADY: Object = {"phase": "Running", "containerStatuses": [_container(running=RUNNING)]}
CRASHING: Object = {
    "phase": "Running",
    "containerStatuses": [
        {
            **_container(waiting={"reason": "CrashLoopBackOff", "message": "back-off 10s"}),
            "lastState": {"terminated": {"reason": "Error", "exitCode": 2}},
        }
    ],
}
NO_PULL = waits("ImagePullBackOff", 'Back-off pulling image "registry.test/x:9"')
NO_SETTING = waits("CreateContainerConfigError", 'secret "provider" not found')
NO_NODE: Object = {
    "phase": "Pending",
    "conditions": [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient memory.",
        }
    ],
}


def has(found: Any, wanted: Any) -> bool:
    """Return whether all that is wanted is there; what else is there does not matter."""
    if isinstance(wanted, dict):
        there = cast("Object", found or {})
        return all(has(there.get(key), each) for key, each in cast("Object", wanted).items())
    if isinstance(wanted, list):
        items, there = cast("list[object]", wanted), cast("list[object]", found or [])
        return len(there) == len(items) and all(map(has, there, items))
    return found == wanted


@dataclass
class Controllers:
    """`fates` are the status of every instance of a Deployment, by its name; READY for others.

    `forbidden` are those whose instances may not be made, and why. `objection` is the Gateway's.
    """

    client: ApiClient
    namespace: str
    fates: dict[str, Object] = field(default_factory=dict[str, "Object"])
    forbidden: dict[str, str] = field(default_factory=dict[str, str])
    objection: str = ""
    ended: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None

    def send(self, method: str, path: str, body: object = None, **query: str) -> Object:
        response = self._request(method, path, body, query)
        content = cast("bytes", response.data)
        assert response.status < 300 or response.status in (404, 409), content
        return json.loads(content) if content.startswith(b"{") else {}

    def list(self, root: str, plural: str, **query: str) -> Iterable[Object]:
        return self.send("GET", f"{root}/namespaces/{self.namespace}/{plural}", **query)["items"]

    def status(self, root: str, plural: str, thing: Object, status: Object) -> None:
        path = self._path(root, plural, thing["metadata"]["name"])
        self.send("PATCH", f"{path}/status", {"status": status}, fieldManager="controllers")

    def follow(self, root: str, plural: str, work: Any) -> None:
        """Do the work for everything of a kind, and again whenever one of it changes."""
        while not self.ended.is_set():
            try:
                path = f"{root}/namespaces/{self.namespace}/{plural}"
                listed = self.send("GET", path)
                if "items" not in listed:  # a kind that the cluster does not have
                    self.ended.wait(0.2)
                    continue
                for each in listed["items"]:
                    work(each)
                version = listed["metadata"]["resourceVersion"]
                watch = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "2"}
                response = self._request("GET", path, None, watch, preload=False)
                next(iter(response), None)  # what has changed is looked up
                response.close()
            except HTTPError:  # the server has ended, or we are to
                self.ended.wait(0.05)
            except Exception as error:  # noqa: BLE001  the test's own thread raises it
                self.failure = error
                return

    def deployment(self, thing: Object) -> None:
        """Be the controllers of Deployments, of ReplicaSets, of nodes."""
        metadata = thing["metadata"]
        selector = ",".join(f"{k}={v}" for k, v in thing["spec"]["selector"]["matchLabels"].items())
        pods = [*self.list("/api/v1", "pods", labelSelector=selector)]
        path = self._path(DEPLOYMENTS, "deployments", metadata["name"])
        if metadata.get("deletionTimestamp"):
            self._end(pods)
            self.send("PATCH", path, {"metadata": {"finalizers": None}}, fieldManager="controllers")
            return
        template = thing["spec"]["template"]
        digest: str = template["metadata"]["annotations"]["llmops/template"][:10]
        wanted = int(thing["spec"]["replicas"])
        new = [each for each in pods if f"-{digest}-" in each["metadata"]["name"]]
        old = [each for each in pods if each not in new]
        if metadata["name"] not in self.forbidden:
            missing = range(len(new), wanted)
            new += [self._make(f"{metadata['name']}-{digest}-{n}", template) for n in missing]
        self._end(new[wanted:])
        ready = sum(self._ready(metadata["name"], each) for each in new[:wanted])
        if ready >= wanted:
            self._end(old)
            old = []
        counted = {
            "observedGeneration": metadata["generation"],
            "updatedReplicas": min(len(new), wanted),
            "replicas": min(len(new), wanted) + len(old),
            "readyReplicas": ready + len(old),
            "availableReplicas": ready + len(old),
            "conditions": self._conditions(metadata["name"]),
        }
        if not has(thing.get("status"), counted):
            self.status(DEPLOYMENTS, "deployments", thing, counted)

    def _ready(self, deployment: str, pod: Object) -> bool:
        """Let an instance have its fate, if it has none yet, and tell whether it is ready."""
        said = pod.get("status")
        if has(said, READY):
            return True
        fate = self.fates.get(deployment, READY)
        if not has(said, fate):
            self.status("/api/v1", "pods", pod, fate)
        return fate is READY

    def route(self, thing: Object) -> None:
        """Be a Gateway."""
        generation = thing["metadata"]["generation"]
        condition = {"observedGeneration": generation, "lastTransitionTime": _NOW}
        resolved = {"status": "True", "reason": "ResolvedRefs", "message": "resolved"}
        if self.objection:
            resolved = {"status": "False", "reason": "BackendNotFound", "message": self.objection}
        accepted = {"status": "True", "reason": "Accepted", "message": "accepted"}
        parent = {
            "parentRef": thing["spec"]["parentRefs"][0],
            "controllerName": "llmops.test/gateway",
            "conditions": [
                {"type": "Accepted", **condition, **accepted},
                {"type": "ResolvedRefs", **condition, **resolved},
            ],
        }
        if not has(thing.get("status"), {"parents": [parent]}):
            self.status(ROUTES, "httproutes", thing, {"parents": [parent]})

    def autoscaler(self, thing: Object) -> None:
        """Be the autoscaler, as far as it holds the smallest number."""
        name = thing["spec"]["scaleTargetRef"]["name"]
        path = self._path(DEPLOYMENTS, "deployments", name)
        live = self.send("GET", path)
        least = thing["spec"]["minReplicas"]
        if live.get("spec", {}).get("replicas", least) < least:
            change = {"spec": {"replicas": least}}
            manager = "kube-controller-manager"
            self.send("PATCH", f"{path}/scale", change, fieldManager=manager)

    def _conditions(self, name: str) -> list[Object]:
        if message := self.forbidden.get(name):
            failed = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
            return [{**failed, "message": message}]
        return []

    def _make(self, name: str, template: Object) -> Object:
        kept = {key: template["metadata"][key] for key in ("labels", "annotations")}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": self.namespace, **kept},
            "spec": template["spec"],
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        return {**pod, **self.send("POST", path, pod, fieldManager="controllers")}

    def _end(self, pods: Iterable[Object]) -> None:
        for each in pods:
            path = self._path("/api/v1", "pods", each["metadata"]["name"])
            self.send("DELETE", path, gracePeriodSeconds="0", fieldManager="controllers")

    def _path(self, root: str, plural: str, name: str) -> str:
        return f"{root}/namespaces/{self.namespace}/{plural}/{name}"

    def _request(
        self, method: str, path: str, body: object, query: Object, *, preload: bool = True
    ) -> Any:
        configuration = cast("Any", self.client).configuration
        headers = {each["key"]: each["value"] for each in configuration.auth_settings().values()}
        json_type = "application/json" if method == "POST" else "application/merge-patch+json"
        return self.client.rest_client.pool_manager.request(
            method,
            f"{configuration.host}{path}?{urlencode(query)}",
            body=None if body is None else json.dumps(body),
            headers={**headers, "Content-Type": json_type, "User-Agent": "controllers"},
            preload_content=preload,
            timeout=10,
            retries=False,
        )


@contextmanager
def controllers(kubeconfig: Path, namespace: str) -> Generator[Controllers]:
    """Do what is applied in a namespace, until the block ends."""
    configuration = Configuration()
    load = cast("Any", kubernetes_config).load_kube_config
    load(str(kubeconfig), None, configuration)
    made = Controllers(client=ApiClient(configuration), namespace=namespace)
    work = (
        (DEPLOYMENTS, "deployments", made.deployment),
        (ROUTES, "httproutes", made.route),
        (AUTOSCALERS, "horizontalpodautoscalers", made.autoscaler),
    )
    threads = [threading.Thread(target=made.follow, args=each, daemon=True) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.ended.set()
        for thread in threads:
            thread.join(5)
    assert made.failure is None, made.failure
