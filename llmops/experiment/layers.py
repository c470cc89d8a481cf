"""The raw experiment: the file, its overlay and `--set`, merged before anything is validated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, cast

from llmops import yaml
from llmops.errors import ConfigError, Fault
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Raw = dict[str, object]
Key = str | int

_DOTTED: Final = {"parameters", "baseline"}
"""Sections whose keys are `node.input`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The merged mapping, and what each source added; later sources win."""

    merged: Raw
    sources: tuple[tuple[str, Raw], ...]

    def where(self, *path: Key) -> str:
        """Return `file: dotted.path`; of several sources the last that has most of the path."""
        _, _, origin = max(
            (_depth(layer, path), at, label) for at, (label, layer) in enumerate(self.sources)
        )
        return f"{origin}: {dotted(path)}" if path else self.sources[0][0]

    def names(self, key: str) -> list[str]:
        """Return the names in a list of named items, also of items that are wrong otherwise."""
        items = self.merged.get(key)
        names = map(name_of, cast("list[object]", items) if isinstance(items, list) else [])
        return [name for name in names if name]


def dotted(path: Sequence[Key]) -> str:
    """Return the path as `--set` takes it; an item without a name by its position from 0."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in path]
    return "".join(parts).removeprefix(".")


def read_layers(files: Sequence[tuple[Path, str]], overrides: Sequence[str]) -> Layers:
    """Read the files, given with their labels, and merge them in this order.

    Raises:
        ConfigError: for YAML that cannot be read, in any file, and for a wrong `--set`.
    """
    faults: list[Fault] = []
    sources: list[tuple[str, Raw]] = []
    for path, name in files:
        try:
            sources.append((name, _mapping(yaml.read(path, name), name)))
        except ConfigError as error:
            faults.extend(error.faults)
    if faults:
        raise ConfigError(faults)
    return apply_overrides(merge_layers(sources), overrides)


def merge_layers(sources: Sequence[tuple[str, Raw]]) -> Layers:
    """Return the sources, given with their labels, laid over each other."""
    merged: Raw = {}
    for _, layer in sources:
        merged = merge(merged, layer)
    return Layers(merged=merged, sources=tuple(sources))


def apply_overrides(layers: Layers, overrides: Sequence[str]) -> Layers:
    """Return the layers with each `a.b=value` on top.

    Raises:
        ConfigError: for every override that cannot be applied.
    """
    faults: list[Fault] = []
    merged, sources = layers.merged, list(layers.sources)
    for override in overrides:
        try:
            keys, value = _override(override, merged)
        except ConfigError as error:
            faults.extend(error.faults)
        else:
            merged = cast("Raw", _assign(merged, keys, value))
            sources.append(("--set", cast("Raw", _assign({}, keys, value))))
    if faults:
        raise ConfigError(faults)
    return Layers(merged=merged, sources=tuple(sources))


def merge(under: Mapping[str, object], over: Mapping[str, object]) -> Raw:
    """Return both: mappings merge, lists and scalars replace, null removes.

    >>> merge({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": None}, "d": [2]})
    {'a': {'c': 2}, 'd': [2]}
    """
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = merge(
                cast("Raw", below) if isinstance(below, dict) else {}, cast("Raw", value)
            )
        else:
            merged[key] = value
    return merged


def name_of(item: object) -> str:
    """Return the name of a list's item; empty when it has none."""
    name = cast("Raw", item).get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


def _mapping(value: object, label: str) -> Raw:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError([Fault(where=label, seen="not a mapping", allowed="allowed: key: value")])
    items = cast("dict[object, object]", value).items()
    return {str(key): _dates_as_text(each) for key, each in items}


def _dates_as_text(value: object) -> object:
    """Undo what YAML does to `api_version: 2024-10-21`."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_dates_as_text(each) for each in cast("list[object]", value)]
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return {key: _dates_as_text(each) for key, each in items}
    return value


def _override(text: str, merged: Raw) -> tuple[list[str], object]:
    """Return the keys and the value of `a.b=value`."""
    key, equals, value = text.partition("=")
    where = f"--set {key}"
    if not equals or not key.strip("."):
        raise ConfigError([Fault(where=where, seen="no value", allowed="allowed: a.b=value")])
    section, _, name = key.strip().partition(".")
    keys = [section, name] if section in _DOTTED and name else None
    keys = keys or _keys(merged, key.strip().split("."), where)
    return keys, _dates_as_text(yaml.parse(value, where))


def _assign(value: object, keys: Sequence[str], new: object) -> object:
    """Return a copy with the new value in its place; None removes what is there."""
    key, *rest = keys
    if isinstance(value, list):
        return [
            (_assign(item, rest, new) if rest else new) if name_of(item) == key else item
            for item in cast("list[object]", value)
        ]
    changed: Raw = dict(cast("Raw", value)) if isinstance(value, dict) else {}
    if rest:
        changed[key] = _assign(changed.get(key), rest, new)
    elif new is None:
        changed.pop(key, None)
    else:
        changed[key] = new
    return changed


def _keys(value: object, parts: list[str], where: str) -> list[str]:
    """Split a dotted key by what is there: names of models and items may hold dots too."""
    if isinstance(value, list):
        names = [name_of(item) for item in cast("list[object]", value)]
        children = dict(zip(names, cast("list[object]", value), strict=True))
    else:
        children = cast("Raw", value) if isinstance(value, dict) else {}
    for length in range(len(parts), 0, -1):
        head = ".".join(parts[:length])
        if head in children:
            rest = parts[length:]
            return [head, *(_keys(children[head], rest, where) if rest else [])]
    if isinstance(value, list):
        hint = nearest(parts[0], children)
        allowed = f"allowed: {', '.join(name for name in children if name)}"
        seen = f"no item is named {parts[0]!r}"
        raise ConfigError([Fault(where=where, seen=seen, allowed=allowed, next_step=hint)])
    return parts


def _depth(value: object, path: Sequence[Key]) -> int:
    """Return how many keys of the path the value has."""
    for depth, key in enumerate(path):
        if isinstance(value, list):
            items = cast("list[object]", value)
            value = next(
                (item for at, item in enumerate(items) if key in (at, name_of(item))), None
            )
            if value is None:
                return depth
        elif isinstance(value, dict) and key in cast("dict[Key, object]", value):
            value = cast("dict[Key, object]", value)[key]
        else:
            return depth
    return len(path)
