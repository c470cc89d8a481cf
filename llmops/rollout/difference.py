"""What a change would change, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmops.domain.deployment import EndpointState
    from llmops.domain.endpoint_history import Change


def differences(before: Change, state: EndpointState, after: Change) -> tuple[str, ...]:
    """Return one line for each deployment that gets another share or leaves; empty for none.

    Releases are those of the ledger, `before`, and what the target has beside them; shares are
    the target's: somebody may have changed them there.
    """
    return tuple(_lines(before, state, after))


def _lines(before: Change, state: EndpointState, after: Change) -> Iterator[str]:
    was, will = state.routing, after.routing
    there = (each.name for each in state.deployments)
    for name in dict.fromkeys([*before.releases, *after.releases, *there]):
        if name not in after.releases:
            yield f"{name}: deleted"
            continue
        release = after.releases[name]
        if before.releases.get(name, release) != release:
            yield f"{name}: {before.releases[name]} -> {release}"
        yield from _moved(f"{name}: traffic", was.percent.get(name, 0), will.percent.get(name, 0))
        yield from _moved(f"{name}: mirror", was.mirror.get(name, 0), will.mirror.get(name, 0))
    if was.sticky != will.sticky:
        yield f"sticky: {was.sticky or 'none'} -> {will.sticky or 'none'}"


def _moved(what: str, was: int, will: int) -> Iterator[str]:
    if was != will:
        yield f"{what} {was} % -> {will} %"
