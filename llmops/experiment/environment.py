"""`${VAR}` and `${env:VAR}`: from the process environment, then from the project's `.env`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from dotenv import dotenv_values

from llmops.errors import Fault
from llmops.experiment.layers import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from llmops.experiment.layers import Key, Layers, Raw

# A mapping's reference has a dot (`${data.url}`), so it is never taken for a variable.
_VARIABLE: Final = re.compile(r"\$\{(?:env:)?([A-Za-z_]\w*)\}")


@dataclass(frozen=True, slots=True)
class Undefined:
    """A variable without a value and the path of the field that names it."""

    path: tuple[Key, ...]
    variable: str

    def fault(self, layers: Layers) -> Fault:
        """Return what is wrong, at the field's place in its file."""
        return Fault(
            where=layers.where(*self.path),
            seen=f"the variable {self.variable} is undefined or empty",
            allowed="the environment and .env were read",
            next_step=f"set {self.variable} in .env",
        )


def read_variables(project: Path) -> Mapping[str, str]:
    """Return the variables that have a value; the process wins over the file."""
    file = {name: value for name, value in dotenv_values(project / ".env").items() if value}
    return {**file, **{name: value for name, value in os.environ.items() if value}}


def expand(raw: Raw, variables: Mapping[str, str]) -> tuple[Raw, tuple[Undefined, ...]]:
    """Return a copy with variables replaced, and those that have no value (left as they are)."""
    undefined: list[Undefined] = []

    def walk(value: object, path: tuple[Key, ...]) -> object:
        if isinstance(value, str):
            missing = [name for name in _VARIABLE.findall(value) if name not in variables]
            undefined.extend(Undefined(path, name) for name in missing)
            return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), value)
        if isinstance(value, dict):
            items = cast("Raw", value).items()
            return {key: walk(each, (*path, key)) for key, each in items}
        if isinstance(value, list):
            return [walk(item, (*path, key)) for key, item in _named(cast("list[object]", value))]
        return value

    return cast("Raw", walk(raw, ())), tuple(undefined)


def _named(items: list[object]) -> Iterator[tuple[Key, object]]:
    for position, item in enumerate(items):
        yield name_of(item) or position, item
