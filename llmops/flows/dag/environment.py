"""The `environment_variables` of flows: they are the process's, as in promptflow.

They override what the environment had. All flows of a process share them, so two flows that want
different values for one name are refused. A value such as `${connection.key}` is looked up when
the connections are open, before the first line.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.flow import LineContext

_REFERENCE: Final = re.compile(r"\$\{([^.]+)\.([^.]+)\}")

_wanted: dict[str, tuple[str, str]] = {}
"""By name: the value, and the flow that wants it."""


def set_variables(variables: Mapping[str, str], label: str) -> dict[str, str]:
    """Set the variables; return those that refer to connections, which are not set yet.

    Raises:
        ConfigError: when another flow wants another value.
    """
    faults: list[Fault] = []
    for name, value in variables.items():
        known, owner = _wanted.setdefault(name, (value, label))
        if known != value:
            where = f"{label}: environment_variables.{name}"
            seen = f"not the value that {owner} sets"
            faults.append(Fault(where=where, seen=seen, allowed="one value for all flows of a run"))
    if faults:
        raise ConfigError(faults)
    open_ = {
        name: value for name, value in variables.items() if _REFERENCE.fullmatch(value.strip())
    }
    os.environ.update({name: value for name, value in variables.items() if name not in open_})
    return open_


def used_connections(variables: Mapping[str, str]) -> frozenset[str]:
    """Return the connections that values refer to."""
    found = (_REFERENCE.fullmatch(value.strip()) for value in variables.values())
    return frozenset(each[1] for each in found if each)


def set_from_connections(variables: Mapping[str, str], context: LineContext) -> None:
    """Set the variables that refer to connections; a key that one lacks leaves the text."""
    for name, value in variables.items():
        if found := _REFERENCE.fullmatch(value.strip()):
            connection = context.connection_object(found[1])
            os.environ[name] = str(getattr(connection, found[2], value))
