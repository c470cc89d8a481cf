"""promptflow's own connection objects, for Python tools that take one by annotation."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, cast

from llmops.cache_folder import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable


def promptflow_connection(kind: str, name: str, **fields: object) -> object:
    """Return an object of the class in `promptflow.connections`; empty fields are left out."""
    os.environ.setdefault("PF_HOME_DIRECTORY", str(cache_folder() / "promptflow"))
    os.environ.setdefault("APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED", "true")
    os.environ.setdefault("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    module = importlib.import_module("promptflow.connections")
    build = cast("Callable[..., object]", getattr(module, kind))
    given = {key: value for key, value in fields.items() if value}
    return build(name=name, **given)
