"""Who gives way when a deployment gets another share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmops.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.deployment import Routing


def grown(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[str, ...]:
    """Return who gets more than before.

    >>> grown({"a": 90, "b": 10}, {"a": 50, "b": 20, "c": 30})
    ('b', 'c')
    """
    return tuple(name for name, share in after.items() if share > before.get(name, 0))


def with_share(routing: Routing, name: str, percent: int) -> Routing:
    """Return the routing in which a deployment has this share; the others keep their proportions.

    Raises:
        TargetError: when there is nobody who could have the rest.

    >>> from llmops.domain.deployment import Routing
    >>> with_share(Routing(percent={"a": 90, "b": 10}), "b", 50).percent
    {'a': 50, 'b': 50}
    """
    others = {each: share for each, share in routing.percent.items() if each != name}
    total, rest = sum(others.values()), 100 - percent
    if not total:
        if percent < 100 and (percent or routing.percent.get(name)):
            seen = f"{name}: {percent} %: nobody else would have the rest"
            raise TargetError(f"{seen}; allowed: 100")
        return replace(routing, percent={**others, name: percent})
    shares = {each: share * rest // total for each, share in others.items()}
    by_loss = sorted(others, key=lambda each: -(others[each] * rest % total))
    for each in by_loss[: rest - sum(shares.values())]:
        shares[each] += 1
    return replace(routing, percent={**shares, name: percent})
