"""Takes values from a file's mappings and lists; what is none of the expected is a fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from llmops.errors import Fault
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Reader:
    """Collects the faults and goes on with something usable, so that all are found together."""

    faults: list[Fault] = field(default_factory=list[Fault])

    def fault(self, where: str, seen: str, allowed: str = "") -> None:
        """Keep a fault."""
        self.faults.append(Fault(where=where, seen=seen, allowed=allowed))

    def mapping(self, raw: object, where: str) -> dict[str, object]:
        """Return a mapping with text as keys; nothing is an empty one."""
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self.fault(where, _shown(raw), "a mapping")
            return {}
        return {str(key): value for key, value in cast("dict[object, object]", raw).items()}

    def items(self, raw: object, where: str) -> list[object]:
        """Return a list; nothing is an empty one."""
        if raw is None:
            return []
        if not isinstance(raw, list):
            self.fault(where, _shown(raw), "a list")
            return []
        return cast("list[object]", raw)

    def one_of(self, value: object, allowed: Iterable[str], where: str) -> str:
        """Return the word if it is one of these; else the first of them."""
        if isinstance(value, str) and value in allowed:
            return value
        self.faults.append(
            Fault(
                where=where,
                seen=_shown(value),
                allowed=f"allowed: {', '.join(allowed)}",
                next_step=nearest(value, allowed),
            )
        )
        return next(iter(allowed))


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)
