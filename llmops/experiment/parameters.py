"""The `parameters:` of an experiment: one value each, or a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping


def values_of(value: object) -> list[object]:
    """Return the values that a parameter takes: a list's items, or the one value."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


def chosen_connections(parameters: Mapping[str, object]) -> frozenset[str]:
    """Return the connections that parameters such as `classify.connection` name.

    >>> sorted(chosen_connections({"classify.connection": ["small", "large"], "a.model": "m"}))
    ['large', 'small']
    >>> sorted(chosen_connections({"init.model_config": {"connection": "llm", "model": "m"}}))
    ['llm']
    """
    chosen = [value for name, value in parameters.items() if name.endswith(".connection")]
    names = {str(name) for value in chosen for name in values_of(value)}
    for value in parameters.values():
        for each in values_of(value):
            if isinstance(each, dict) and "connection" in each:
                names.add(str(cast("dict[str, object]", each)["connection"]))
    return frozenset(names)
