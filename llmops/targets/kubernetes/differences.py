"""What an object would become, field by field, beside what it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from llmops.targets.kubernetes.objects import title
from llmops.targets.kubernetes.workload import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.targets.kubernetes.objects import Object

_SERVERS_OWN: Final = frozenset(
    {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}
)
_ABSENT: Final = "none"
_LONGEST: Final = 80


def differences(live: Object | None, wanted: Object) -> list[str]:
    """Return one line for each field; `wanted` is what the API server would make of a manifest."""
    if live is None:
        return [f"{title(wanted)}: new"]
    before, after = dict(_fields(_stated(live))), dict(_fields(_stated(wanted)))
    return [
        f"{title(wanted)}: {path}: {before.get(path, _ABSENT)} -> {after.get(path, _ABSENT)}"
        for path in sorted({*before, *after})
        # The template's digest says no more than what changes in it does.
        if before.get(path) != after.get(path) and not path.endswith(TEMPLATE)
    ]


def _stated(thing: Object) -> Object:
    metadata = {key: each for key, each in thing["metadata"].items() if key not in _SERVERS_OWN}
    parts = {
        key: each for key, each in thing.items() if key not in ("kind", "apiVersion", "status")
    }
    return {**parts, "metadata": metadata}


def _fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, each in cast("Mapping[str, Any]", value).items():
            yield from _fields(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, each in enumerate(cast("Sequence[object]", value)):
            yield from _fields(each, f"{path}[{_index(each, index)}]")
    else:
        text = json.dumps(value, ensure_ascii=False)
        yield path, text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _index(item: object, index: int) -> str:
    """Return by what people know a part of a list."""
    name = cast("Mapping[str, Any]", item).get("name") if isinstance(item, dict) else None
    return str(name or index)
