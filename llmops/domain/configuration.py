"""A configuration: one choice of variant per node, and the values of the parameters."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One point of the grid; equal content gives an equal `id` on every machine.

    `variants` maps nodes to variant ids, `parameters` maps `node.input` to values.
    """

    variants: Mapping[str, str] = field(default_factory=dict[str, str])
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def label(self) -> str:
        """Return it as people write it: `classify=few, classify.temperature=0.7`.

        >>> Configuration(variants={"b": "x", "a": "y"}, parameters={"a.t": 0}).label
        'a=y, b=x, a.t=0'
        """
        pairs = [f"{node}={variant}" for node, variant in sorted(self.variants.items())]
        pairs += [f"{name}={_shown(value)}" for name, value in sorted(self.parameters.items())]
        return ", ".join(pairs) or "default"

    @property
    def choices(self) -> dict[str, str]:
        """Return what is chosen, by node or `node.input`, as people write it."""
        parameters = {name: _shown(value) for name, value in self.parameters.items()}
        return {**self.variants, **parameters}

    @property
    def id(self) -> str:
        """Return eight hex digits of the content's sha256."""
        content = [sorted(self.variants.items()), sorted(self.parameters.items())]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
