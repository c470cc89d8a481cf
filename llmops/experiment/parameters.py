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
    """
    chosen = [value for name, value in parameters.items() if name.endswith(".connection")]
    return frozenset(str(name) for value in chosen for name in values_of(value))
