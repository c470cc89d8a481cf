"""The configuration as JSON: read with every fault, written so that it is whole or not there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from llmops.domain.traffic import GatewayConfiguration
from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CONFIGURATION: Final = TypeAdapter(GatewayConfiguration)


def parse_configuration(text: str | bytes, label: str) -> GatewayConfiguration:
    """Return what the JSON says; `label` is where it comes from.

    Raises:
        ConfigError: with every fault.
    """
    try:
        return _CONFIGURATION.validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        raise ConfigError(list(_faults(error, label))) from None


def read_configuration(path: Path) -> GatewayConfiguration:
    """Return what the file says.

    Raises:
        ConfigError: with every fault, or because there is no such file.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        seen = f"cannot be read: {error.strerror}"
        raise ConfigError([Fault(where=path.name, seen=seen)]) from None
    return parse_configuration(text, path.name)


def write_configuration(path: Path, configuration: GatewayConfiguration) -> None:
    """Replace the file; a crash leaves the old one or the new one."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(dump_configuration(configuration))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def dump_configuration(configuration: GatewayConfiguration) -> bytes:
    """Return the JSON that `parse_configuration` reads."""
    return _CONFIGURATION.dump_json(configuration, indent=2) + b"\n"


def _faults(error: ValidationError, label: str) -> Iterator[Fault]:
    for each in error.errors(include_url=False, include_input=False):
        where = ".".join([label, *map(str, each["loc"])])
        for line in each["msg"].removeprefix("Value error, ").splitlines():
            yield Fault(where=where, seen=line)
