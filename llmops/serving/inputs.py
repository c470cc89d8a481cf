"""Makes a request's body the flow's inputs, or says everything that is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from llmops.domain.flow import REQUIRED
from llmops.errors import Fault
from llmops.nearest import nearest
from llmops.serving.input_images import image_fault
from llmops.serving.input_types import input_type
from llmops.serving.json_body import DEEPEST, TOO_DEEP, is_deep, kind_of, read_object
from llmops.serving.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.flow import FlowInput


def read_inputs(body: bytes, declared: Sequence[FlowInput]) -> Mapping[str, object]:
    """Return the inputs; one that may be null and is null is left to the flow's default.

    Raises:
        Refused: with every fault of the body.
    """
    given: dict[str, object] = {}
    if body or declared:
        given = read_object(body)
    if faults := list(_faults(given, declared)):
        raise invalid(faults)
    default = {each.name: each.default for each in declared}
    return {
        name: value
        for name, value in given.items()
        if value is not None or default[name] is not None
    }


def _faults(given: Mapping[str, object], declared: Sequence[FlowInput]) -> Iterator[Fault]:
    known = [each.name for each in declared]
    for name in given:
        if name not in known:
            yield Fault(
                where=f"body.{name[:80]}",
                seen="the flow has no such input",
                allowed=f"allowed: {', '.join(known)}" if known else "it takes none",
                next_step=nearest(name, known),
            )
    for each in declared:
        where, allowed = f"body.{each.name}", f"allowed: {input_type(each.type).words}"
        if each.name not in given:
            if each.default is REQUIRED:
                yield Fault(where=where, seen="missing", allowed=allowed)
            continue
        value = given[each.name]
        if value is None and each.default is None:
            continue
        if not input_type(each.type).accepts(value):
            yield Fault(where=where, seen=kind_of(value), allowed=allowed)
        else:
            yield from _faults_within(value, each, where)


def _faults_within(value: object, declared: FlowInput, where: str) -> Iterator[Fault]:
    """Yield faults of what the flow will see: for an object it reads text as JSON, if it can."""
    if declared.type == "object" and isinstance(value, str):
        try:
            value = cast("object", json.loads(value))
        except RecursionError:
            yield Fault(where=where, seen=TOO_DEEP, allowed=f"allowed: {DEEPEST} levels")
            return
        except ValueError:
            return
    if is_deep(value):
        yield Fault(where=where, seen=TOO_DEEP, allowed=f"allowed: {DEEPEST} levels")
    elif seen := image_fault(value):
        yield Fault(where=where, seen=seen, allowed="allowed: an image in base64")
