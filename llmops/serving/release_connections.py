"""The connections that a release names, with the variables of this environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import TypeAdapter, ValidationError

from llmops.connections import AnyConnection
from llmops.errors import ConfigError, Fault
from llmops.experiment.environment import expand
from llmops.experiment.opening import Opener
from llmops.redaction import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llmops.domain.call import Connection
    from llmops.domain.release import Release

    Raw = dict[str, object]

_CONNECTION: Final[TypeAdapter[Any]] = TypeAdapter(AnyConnection)


def read_connections(
    release: Release, folder: Path, project: Path, variables: Mapping[str, str]
) -> tuple[Connection, ...]:
    """Return the connections that the release's flow uses.

    Raises:
        ConfigError: with every connection and every variable that is missing.
    """
    stated = cast("list[Raw]", json.loads((folder / "connections.json").read_bytes()))
    used = [each for each in stated if each.get("name") in release.connections]
    raw, undefined = expand({"connections": used}, variables)
    faults = [
        Fault(
            where=_where(release, *map(str, each.path[1:])),
            seen=f"the variable {each.variable} is undefined or empty",
            allowed="the environment and .env were read",
            next_step=f"set {each.variable}",
        )
        for each in undefined
    ]
    faults.extend(_unstated(release, used))
    opener = Opener(folder=folder, project=project, faults=faults)
    connections: list[Connection] = []
    for section in cast("list[Raw]", raw["connections"]):
        incomplete = {each.path[1] for each in undefined}
        if section["name"] not in incomplete:
            connections.extend(_opened(section, release, opener))
    if faults:
        raise ConfigError(faults)
    return tuple(connections)


def _unstated(release: Release, used: Sequence[Raw]) -> Iterator[Fault]:
    """Yield connections that the release lacks, and values that it must not hold."""
    names = {each.get("name") for each in used}
    for name in release.connections:
        if name not in names:
            yield Fault(where=_where(release, name), seen="the release has no such connection")
    for section in used:
        for key, value in section.items():
            if value == MASK:
                yield Fault(
                    where=_where(release, str(section["name"]), key),
                    seen="a secret that was written out, so the release does not hold it",
                    next_step="write it as ${A_VARIABLE} in the experiment, run and register again",
                )


def _opened(section: Raw, release: Release, opener: Opener) -> Iterator[Connection]:
    where = _where(release, str(section["name"]))
    try:
        connection = cast("Connection", _CONNECTION.validate_python(section))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            place = ".".join(map(str, (where, *each["loc"][1:])))
            opener.faults.append(Fault(where=place, seen=each["msg"]))
    else:
        yield opener.connection(connection, where)


def _where(release: Release, *path: str) -> str:
    return ".".join((f"{release.label}: connections", *path))
