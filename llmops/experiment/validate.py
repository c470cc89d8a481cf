"""From the raw mapping to its fields; what is wrong, in plain words."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast

from pydantic import ValidationError

from llmops.errors import Fault
from llmops.experiment.layers import name_of
from llmops.experiment.schema import keys_beside
from llmops.nearest import nearest

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    from llmops.experiment.layers import Key, Layers, Raw

File = TypeVar("File", bound="BaseModel")

_ROUNDS: Final = 4
"""A wrong value may leave a required key missing, and that an item, and that a list."""

_EXPECTED: Final = {
    "int": "a whole number",
    "float": "a number",
    "finite_number": "a finite number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "too_short": "at least one",
    "dict": "a mapping (key: value)",
    "mapping": "a mapping (key: value)",
    "model": "a mapping (key: value)",
    "string_too_short": "text that is not empty",
    "string_pattern_mismatch": "what matches {pattern}",
    "string": "text",
    "union_tag": "{expected_tags}",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
}
"""By the beginning of pydantic's error type."""

_SECRET: Final = {"connections", "secrets", "notify"}
"""Sections where a value beside the wrong key may be a secret: it is not shown."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A fault of one field."""

    path: tuple[Key, ...]
    fault: Fault


def validate(raw: Raw, layers: Layers, model: type[File]) -> tuple[File | None, list[Misfit]]:
    """Return the fields, as the model has them, and every misfit.

    What fits is returned even where something does not, so that the rest is checked too; None
    where too little is left.
    """
    misfits: list[Misfit] = []
    left = copy.deepcopy(raw)
    for round_ in range(_ROUNDS):
        try:
            return model.model_validate(left), misfits
        except ValidationError as error:
            # A list is also too short when its only item is wrong: that says nothing new.
            details = [
                detail
                for detail in error.errors(include_url=False)
                if not (detail["type"] == "too_short" and detail["input"])
            ]
        if round_ == 0:
            misfits = [_misfit(detail, raw, layers, model) for detail in details]
        left = _without(left, details)
    return None, misfits


def _misfit(detail: ErrorDetails, raw: Raw, layers: Layers, model: type[BaseModel]) -> Misfit:
    path = tuple(name for name, _ in _walk(detail, raw))
    where = layers.where(*path)
    kind = detail["type"]
    if kind == "extra_forbidden":
        keys = keys_beside(model, detail["loc"])
        fault = Fault(
            where=where,
            seen="unknown key",
            allowed=f"allowed: {', '.join(keys)}" if keys else "",
            next_step=nearest(str(detail["loc"][-1]), keys),
        )
    elif kind == "missing":
        fault = Fault(where=where, seen="missing")
    else:
        fault = _wrong_value(detail, path, where)
    return Misfit(path, fault)


def _wrong_value(detail: ErrorDetails, path: tuple[Key, ...], where: str) -> Fault:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "union_tag_not_found":
        seen = f"{str(context.get('discriminator')).strip(chr(39))} is missing"
        return Fault(where=where, seen=seen)
    for beginning, expected in _EXPECTED.items():
        if kind == beginning or kind.startswith(f"{beginning}_"):
            allowed = f"allowed: {expected.format_map(context)}"
            break
    else:
        return Fault(where=where, seen=detail["msg"].removeprefix("Value error, "))
    hint = ""
    value: object = detail["input"]
    if kind == "union_tag_invalid":
        value = context.get("tag")
        hint = nearest(str(value), str(context.get("expected_tags")).replace("'", "").split(", "))
    secret = not _SECRET.isdisjoint(path) and kind != "union_tag_invalid"
    return Fault(where=where, seen=_shown(value, secret=secret), allowed=allowed, next_step=hint)


def _shown(value: object, *, secret: bool) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    text = repr(value)
    return "another kind of value" if secret else text if len(text) <= 60 else f"{text[:60]}..."


def _walk(detail: ErrorDetails, raw: Raw) -> list[tuple[Key, Key]]:
    """Return the location as (name, key) pairs, without the names of unions' members."""
    steps: list[tuple[Key, Key]] = []
    value: object = raw
    last = len(detail["loc"]) - 1
    for at, part in enumerate(detail["loc"]):
        if isinstance(value, list) and isinstance(part, int):
            items = cast("list[object]", value)
            value = items[part]
            steps.append((name_of(value) or part, part))
        elif isinstance(value, dict) and part in cast("dict[Key, object]", value):
            value = cast("dict[Key, object]", value)[part]
            steps.append((part, part))
        elif at == last and detail["type"] == "missing":
            steps.append((part, part))
    return steps


def _without(raw: Raw, details: list[ErrorDetails]) -> Raw:
    """Return the mapping with what does not fit set to None, which is as if absent."""
    for detail in details:
        keys = [key for _, key in _walk(detail, raw)]
        if detail["type"] == "missing":
            keys.pop()
        _blank(raw, keys)
    return cast("Raw", _compact(raw))


def _blank(value: object, keys: list[Key]) -> None:
    for depth, key in enumerate(keys):
        container = cast("dict[Key, object]", value)  # or a list: the same brackets
        if depth == len(keys) - 1:
            container[key] = None
            return
        value = container[key]
        if value is None:
            return  # an earlier fault of the same item has removed it


def _compact(value: object) -> object:
    """Remove the blanked items of lists of sections."""
    if isinstance(value, dict):
        return {key: _compact(each) for key, each in cast("Raw", value).items()}
    if isinstance(value, list):
        items = cast("list[object]", value)
        sections = any(isinstance(item, dict) for item in items)
        return [_compact(item) for item in items if item is not None or not sections]
    return value
