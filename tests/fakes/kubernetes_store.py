"""What an API server keeps: objects with versions, and everything that happened to them."""

from __future__ import annotations

import copy
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import jsonschema
from gateway_schemas import gateway_schema
from kubernetes_fields import Conflict, Managed
from kubernetes_validate.utils import latest_version, schema_contents
from referencing import Registry, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Object = dict[str, Any]

KINDS = {
    "services": "service-v1",
    "serviceaccounts": "serviceaccount-v1",
    "configmaps": "configmap-v1",
    "pods": "pod-v1",
    "events": "event-v1",
    "networkpolicies": "networkpolicy-networking-v1",
    "deployments": "deployment-apps-v1",
    "poddisruptionbudgets": "poddisruptionbudget-policy-v1",
    "horizontalpodautoscalers": "horizontalpodautoscaler-autoscaling-v2",
    "httproutes": "",
}


class Refused(Exception):  # noqa: N818
    """An answer with a Status in it."""

    def __init__(
        self, code: int, reason: str, message: str, causes: list[Object] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
            "details": {"causes": causes or []},
        }


@lru_cache
def validator(plural: str) -> Any:
    """Return the published schema with unknown keys forbidden; None where it is not at hand."""
    if plural == "httproutes":
        schema = gateway_schema("httproutes")
        return jsonschema.Draft202012Validator(schema) if schema else None
    folder = f"kubernetes-json-schema/v{latest_version()}-local-strict"
    schema = schema_contents(f"{folder}/{KINDS[plural]}.json", "")
    definitions = schema_contents(f"{folder}/_definitions.json", "")
    registry = cast("Any", Registry)()
    for content in (schema, definitions):
        registry = Resource.from_contents(content) @ registry
    return jsonschema.Draft202012Validator(schema, registry=registry)


@dataclass
class Store:
    """Objects by plural and name; `happened` wakes those who watch."""

    happened: threading.Condition = field(default_factory=threading.Condition)
    version: int = 100
    closed: bool = False
    oldest: int = 0
    """Versions before it are forgotten."""
    objects: dict[tuple[str, str], Managed] = field(
        default_factory=dict[tuple[str, str], "Managed"]
    )
    events: list[tuple[int, str, str, Object]] = field(
        default_factory=list[tuple[int, str, str, "Object"]]
    )

    def close(self) -> None:
        """End every watch."""
        with self.happened:
            self.closed = True
            self.happened.notify_all()

    def get(self, plural: str, name: str) -> Managed:
        found = self.objects.get((plural, name))
        if found is None:
            raise Refused(404, "NotFound", f'{plural} "{name}" not found')
        return found

    def list(self, plural: str, query: Mapping[str, str]) -> list[Object]:
        return [
            each.shown()
            for (kind, _), each in sorted(self.objects.items())
            if kind == plural and _selected(each.content, query)
        ]

    def apply(
        self, plural: str, name: str, manifest: Object, query: Mapping[str, str]
    ) -> tuple[int, Object]:
        """Return 201 and what is new, or 200 and what is now."""
        before = self.objects.get((plural, name))
        identity = {"name": name, "namespace": manifest["metadata"]["namespace"]}
        start = before or Managed(
            {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": identity}
        )
        force = query.get("force") == "true"
        try:
            after = start.applied(manifest, query["fieldManager"], force=force)
        except Conflict as conflict:
            raise _conflict(conflict) from None
        _default(plural, after.content)
        _require_valid(plural, after.content)
        dry = query.get("dryRun") == "All"
        return (200 if before else 201), self.keep(plural, name, after, dry_run=dry)

    def update(self, plural: str, name: str, change: Object, manager: str) -> Object:
        return self.keep(plural, name, self.get(plural, name).updated(change, manager))

    def create(self, plural: str, thing: Object) -> Object:
        _require_valid(plural, thing)
        name = thing["metadata"]["name"]
        if (plural, name) in self.objects:
            raise Refused(409, "AlreadyExists", f'{plural} "{name}" already exists')
        return self.keep(plural, name, Managed(copy.deepcopy(thing)))

    def keep(self, plural: str, name: str, after: Managed, *, dry_run: bool = False) -> Object:
        """Return the object as it is now; what has not changed has no new version."""
        before = self.objects.get((plural, name))
        metadata = after.content["metadata"]
        if before and (before.content, before.owners) == (after.content, after.owners):
            return before.shown()
        old = before.content if before else {}
        changed = {k: v for k, v in after.content.items() if k not in ("metadata", "status")}
        if changed != {k: v for k, v in old.items() if k not in ("metadata", "status")}:
            metadata["generation"] = metadata.get("generation", 0) + 1
        if dry_run:
            return after.shown()
        with self.happened:
            self.version += 1
            metadata["resourceVersion"] = str(self.version)
            metadata.setdefault("uid", f"uid-{self.version}")
            self.objects[plural, name] = after
            if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
                return self._drop(plural, name)
            self._tell(plural, "MODIFIED" if before else "ADDED", after.shown())
        return after.shown()

    def delete(self, plural: str, name: str, *, foreground: bool) -> Object:
        found = self.get(plural, name)
        if not foreground:
            with self.happened:
                self.version += 1
                return self._drop(plural, name)
        content = copy.deepcopy(found.content)
        content["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        content["metadata"]["finalizers"] = ["foregroundDeletion"]
        return self.keep(plural, name, Managed(content, found.owners))

    def watch(self, plural: str, query: Mapping[str, str]) -> Iterator[Object]:
        """Yield what has happened since a version, until the time is over."""
        seen = int(query.get("resourceVersion") or 0)
        ends = time.monotonic() + float(query.get("timeoutSeconds") or 3600)
        while not self.closed:
            with self.happened:
                news = [each for each in self.events if each[0] > seen and each[1] == plural]
                left = ends - time.monotonic()
                if not news:
                    if left <= 0:
                        return
                    self.happened.wait(left)
            for version, _, kind, thing in news:
                seen = version
                if _selected(thing, query):
                    yield {"type": kind, "object": thing}

    def _drop(self, plural: str, name: str) -> Object:
        gone = self.objects.pop((plural, name)).shown()
        self._tell(plural, "DELETED", gone)
        return gone

    def _tell(self, plural: str, kind: str, thing: Object) -> None:
        self.events.append((self.version, plural, kind, copy.deepcopy(thing)))
        self.happened.notify_all()


def _selected(thing: Object, query: Mapping[str, str]) -> bool:
    labels = thing["metadata"].get("labels", {})
    for each in filter(None, query.get("labelSelector", "").split(",")):
        key, _, value = each.partition("=")
        if labels.get(key) != value:
            return False
    for each in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, value = each.partition("=")
        where: Any = thing
        for step in path.split("."):
            where = where.get(step, {})
        if where != value:
            return False
    return True


def _require_valid(plural: str, manifest: Object) -> None:
    checker = validator(plural)
    errors = sorted(checker.iter_errors(manifest), key=str) if checker else []
    if errors:
        path = ".".join(map(str, errors[0].absolute_path))
        said = f"{path}: {errors[0].message}"
        name = manifest.get("metadata", {}).get("name")
        message = f'{manifest.get("kind")} "{name}" is invalid: {said}'
        raise Refused(422, "Invalid", message, [{"field": path, "message": said}])


def _conflict(conflict: Conflict) -> Refused:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "{manager}"',
            "field": where,
        }
        for manager, where in conflict.causes
    ]
    said = "; ".join(f'conflict with "{who}": {where}' for who, where in conflict.causes)
    message = f"Apply failed with {len(causes)} conflicts: {said}"
    return Refused(409, "Conflict", message, causes)


def _default(plural: str, content: Object) -> None:
    """Fill in what a real one does, of what matters here."""
    if plural == "deployments":
        content["spec"].setdefault("replicas", 1)
    if plural == "services":
        content["spec"].setdefault("clusterIP", "10.0.0.1")
