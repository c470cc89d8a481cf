"""promptflow's own connection objects, for Python tools that take one by annotation."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from llmops.promptflow_switches import set_switches

if TYPE_CHECKING:
    from collections.abc import Callable


def promptflow_connection(kind: str, name: str, **fields: object) -> object:
    """Return an object of the class in `promptflow.connections`; empty fields are left out."""
    set_switches()
    module = importlib.import_module("promptflow.connections")
    build = cast("Callable[..., object]", getattr(module, kind))
    given = {key: value for key, value in fields.items() if value}
    return build(name=name, **given)
