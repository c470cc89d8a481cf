"""The section `resources:`: what an instance is given, as Kubernetes quantities."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import model_validator

from llmops.experiment.matching import Matches
from llmops.experiment.section import Section

_NUMBER: Final = r"(?=[0-9.]*[1-9])[0-9]+(?:\.[0-9]+)?"

Cpu = Annotated[
    str,
    Matches(
        pattern=rf"{_NUMBER}|(?=[0-9]*[1-9])[0-9]+m",
        allowed="processors, as 2, 0.5 or 500m",
        numbers=True,
    ),
]
Memory = Annotated[
    str,
    Matches(
        pattern=rf"{_NUMBER}(?:[KMGTPE]i|[kMGTPE])?",
        allowed="bytes, as 512Mi, 1.5Gi or 1G",
        numbers=True,
    ),
]

_DECIMAL: Final = dict(
    zip("kMGTPE", (Decimal(1000) ** power for power in range(1, 7)), strict=True)
)
_BINARY: Final = dict(zip("KMGTPE", (Decimal(1024) ** power for power in range(1, 7)), strict=True))
_FACTORS: Final = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **_DECIMAL,
    **{f"{unit}i": factor for unit, factor in _BINARY.items()},
}


def quantity(text: str) -> Decimal:
    """Return the value of a Kubernetes quantity.

    >>> quantity("1.5Gi") > quantity("1500Mi")
    True
    """
    unit = re.search(r"[kKMGTPEm]i?$", text)
    number = text[: unit.start()] if unit else text
    return Decimal(number) * _FACTORS[unit[0] if unit else ""]


class ResourcesSection(Section):
    """What an instance is given: it is promised `cpu` and `memory`, and stopped at the limits."""

    cpu: Cpu | None = None
    memory: Memory | None = None
    cpu_limit: Cpu | None = None
    """Above it the instance is slowed down."""
    memory_limit: Memory | None = None
    """Above it the instance is ended."""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        pairs = (("cpu", self.cpu, self.cpu_limit), ("memory", self.memory, self.memory_limit))
        broken = [
            f"{name} {asked} is more than {name}_limit {limit}"
            for name, asked, limit in pairs
            if asked and limit and quantity(asked) > quantity(limit)
        ]
        if broken:
            raise ValueError("; ".join(broken))
        return self
