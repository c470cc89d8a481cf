"""Who has set which fields of an object: what server-side apply keeps, and refuses."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    Object = dict[str, Any]
    Path = tuple[str, ...]

ATOMIC = {"rules", "parentRefs", "hostnames", "metrics"}
"""Lists with one owner, though what is in them may have names."""
IDENTITY = {"apiVersion", "kind", "status"}


@dataclass
class Conflict(Exception):  # noqa: N818
    causes: list[tuple[str, str]]


@dataclass
class Managed:
    """An object and, by manager and operation, the fields that it has set."""

    content: Object
    owners: dict[tuple[str, str], set[Path]] = field(
        default_factory=dict[tuple[str, str], "set[Path]"]
    )

    def applied(self, manifest: Object, manager: str, *, force: bool) -> Managed:
        """Return what it is after `manager` has applied a manifest."""
        me = (manager, "Apply")
        stated = dict(leaves(manifest))
        has = dict(leaves(self.content))
        causes = [
            (other[0], dotted(path))
            for path, value in stated.items()
            for other, owned in self.owners.items()
            if other != me and path in owned and has.get(path) != value
        ]
        if causes and not force:
            raise Conflict(causes)
        others = {
            who: owned - {p for p in stated if has.get(p) != stated[p]}
            for who, owned in self.owners.items()
            if who != me
        }
        kept = {path for owned in others.values() for path in owned}
        content = copy.deepcopy(self.content)
        for path in self.owners.get(me, set()) - set(stated) - kept:
            put(content, path, None)
        for path, value in stated.items():
            put(content, path, value)
        return Managed(content, {**others, me: set(stated)})

    def updated(self, change: Object, manager: str) -> Managed:
        """Return what it is after a merge patch, which takes the fields that it changes."""
        content = merged(self.content, change)
        before, after = dict(leaves(self.content)), dict(leaves(content))
        changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        owners = {who: owned - changed for who, owned in self.owners.items()}
        me = (manager, "Update")
        owners[me] = owners.get(me, set()) | (changed & set(after))
        return Managed(content, {who: owned for who, owned in owners.items() if owned})

    def shown(self) -> Object:
        """Return the object as it is sent."""
        managed = [
            {"manager": who, "operation": how, "fieldsV1": nested(owned)}
            for (who, how), owned in sorted(self.owners.items())
        ]
        metadata = {**self.content["metadata"], "managedFields": managed}
        return {**self.content, "metadata": metadata}


def leaves(value: Object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield what is owned one by one; parts of lists that have names go by these."""
    for key, each in value.items():
        here = (*path, f"f:{key}")
        if not path and key in IDENTITY:
            continue
        if here in {("f:metadata", "f:name"), ("f:metadata", "f:namespace")}:
            continue
        if path == ("f:metadata",) and key not in ("labels", "annotations", "finalizers"):
            continue
        yield from _leaves(key, each, here)


def _leaves(key: str, each: object, here: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(each, dict) and each:
        yield from leaves(cast("Object", each), here)
    elif isinstance(each, list) and key not in ATOMIC and _named(cast("list[object]", each)):
        for item in cast("list[Object]", each):
            name = json.dumps({"name": item["name"]})
            yield from leaves(item, (*here, f"k:{name}"))
    else:
        yield here, each


def _named(items: list[object]) -> bool:
    return bool(items) and all(isinstance(each, dict) and "name" in each for each in items)


def put(content: Object, path: Path, value: object) -> None:
    """Set a field, or take it away where the value is None."""
    where: Any = content
    for at, step in enumerate(path[:-1]):
        if step.startswith("k:"):
            name = json.loads(step[2:])["name"]
            found = [each for each in where if each["name"] == name]
            if not found and value is None:
                return
            where = found[0] if found else (where.append({"name": name}) or where[-1])
        else:
            empty: Any = [] if path[at + 1].startswith("k:") else {}
            where = where.setdefault(step[2:], empty)
    if value is None:
        where.pop(path[-1][2:], None)
    else:
        where[path[-1][2:]] = copy.deepcopy(value)


def merged(content: Object, change: Object) -> Object:
    """Return the content after a JSON merge patch."""
    result = dict(content)
    for key, each in change.items():
        if each is None:
            result.pop(key, None)
        elif isinstance(each, dict):
            before = result.get(key)
            inner = cast("Object", before) if isinstance(before, dict) else {}
            result[key] = merged(inner, cast("Object", each))
        else:
            result[key] = each
    return result


def dotted(path: Path) -> str:
    return "".join(f".{step[2:]}" if step.startswith("f:") else f"[{step[2:]}]" for step in path)


def nested(paths: set[Path]) -> Object:
    result: Object = {}
    for path in sorted(paths):
        where = result
        for step in path:
            where = where.setdefault(step, {})
    return result
