"""A flow that is code: a function, or a class whose instances are called."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

from llmops import yaml
from llmops.domain.flow import REQUIRED, FlowInput, FlowInterface, NodeCall
from llmops.errors import ConfigError, Fault
from llmops.flows.dag.bake import copy_files
from llmops.flows.dag.environment import set_variables, used_connections
from llmops.flows.dag.folder import FlowFolder
from llmops.flows.flex.definition import FlexDefinition, read_definition
from llmops.flows.flex.entry_source import read_entry
from llmops.flows.flex.step import flex_step
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.configuration import Configuration
    from llmops.domain.flow import Step
    from llmops.flows.flex.entry_source import Argument, EntrySource

_INIT: Final = "init."
FLEX_FILE: Final = "flow.flex.yaml"


class FlexFlow:
    """Reads the files when it is first asked for; the code runs when lines do."""

    def __init__(self, path: Path, label: str, entry: str = "") -> None:
        """Take a `flow.flex.yaml`, or a Python file and the name of its function or class."""
        self._path = path
        self._label = label
        self._entry = entry

    def interface(self) -> FlowInterface:
        """Return what the files say; see `Flow.interface`."""
        definition, source = self._definition, self._source
        return FlowInterface(
            inputs=self._inputs,
            outputs=definition.outputs or source.outputs,
            parameters=frozenset(f"{_INIT}{each.name}" for each in source.init),
            connections=self._connections(definition.init)
            | used_connections(definition.environment_variables),
            aggregates=source.aggregates,
        )

    def calls(self, configuration: Configuration) -> tuple[NodeCall, ...]:
        """Return one call for each connection: code does not say how often it asks."""
        connections = self._connections(self._arguments(configuration))
        return tuple(
            NodeCall(node=self._source.name, connection=name, model="")
            for name in sorted(connections)
        )

    def configure(self, configuration: Configuration) -> Step:
        """Load the code and return the step; see `Flow.configure`."""
        definition = self._definition
        pending = set_variables(definition.environment_variables, definition.label)
        arguments = self._arguments(configuration)
        known = [each.name for each in self._source.init]
        faults = [
            Fault(
                where=f"{self._label}: init.{name}",
                seen=f"{self._source.name} takes no {name!r}",
                allowed=f"allowed: {', '.join(known)}" if known else "it takes none",
                next_step=nearest(name, known),
            )
            for name in arguments
            if name not in known
        ]
        faults += [
            Fault(where=f"{self._label}: init.{each.name}", seen="no value")
            for each in self._source.init
            if not each.has_default and each.name not in arguments
        ]
        if faults:
            raise ConfigError(faults)
        return flex_step(definition, self._source, self._folder, self._inputs, arguments, pending)

    def bake(self, configuration: Configuration, folder: Path) -> str:
        """Write the flow with this configuration alone; see `Flow.bake`."""
        copy_files(self._folder, folder)
        raw: object = {}
        if self._path.suffix != ".py":
            raw = yaml.read(self._path, self._label)
        source = self._definition.source
        module = source.removesuffix(".py").replace("/", ".")
        content = {
            "entry": f"{module}:{self._source.name}",
            **cast("dict[str, object]", raw),
            "sample": {"init": self._arguments(configuration)},
        }
        content.pop("additional_includes", None)
        (folder / FLEX_FILE).write_text(yaml.dump(content), encoding="utf-8")
        return FLEX_FILE

    def digest(self) -> str:
        """Return the sha256 of the folder's files and the entry; see `Flow.digest`."""
        return hashlib.sha256(f"{self._folder.digest}:{self._entry}".encode()).hexdigest()

    def _arguments(self, configuration: Configuration) -> dict[str, object]:
        chosen = {
            name.removeprefix(_INIT): value for name, value in configuration.parameters.items()
        }
        return {**self._definition.init, **chosen}

    def _connections(self, arguments: Mapping[str, object]) -> frozenset[str]:
        """Return the connections that the arguments name, as such or for a model."""
        names = {
            _connection_in(each, arguments[each.name])
            for each in self._source.init
            if each.name in arguments
        }
        return frozenset(names - {""})

    @cached_property
    def _definition(self) -> FlexDefinition:
        if self._path.suffix == ".py":
            return FlexDefinition(label=self._label, source=self._path.name, entry=self._entry)
        return read_definition(self._path, self._label)

    @cached_property
    def _folder(self) -> FlowFolder:
        return FlowFolder(
            root=self._path.parent,
            label=self._label,
            includes=self._definition.additional_includes,
        )

    @cached_property
    def _source(self) -> EntrySource:
        definition = self._definition
        if faults := list(self._folder.faults()):
            raise ConfigError(faults)
        where = f"{self._label}: entry"
        if not self._folder.has(definition.source):
            seen = f"no file {definition.source!r} in the flow's folder"
            raise ConfigError([Fault(where=where, seen=seen)])
        try:
            return read_entry(self._folder.text(definition.source), definition.entry)
        except (SyntaxError, ValueError) as error:
            seen = f"{definition.source} cannot be used: {error}"
            raise ConfigError([Fault(where=where, seen=seen)]) from None

    @cached_property
    def _inputs(self) -> tuple[FlowInput, ...]:
        """Return the declared inputs; without a declaration, the code's arguments."""
        return self._definition.inputs or tuple(
            FlowInput(
                name=each.name, type=each.type, default=None if each.has_default else REQUIRED
            )
            for each in self._source.arguments
        )


def _connection_in(argument: Argument, value: object) -> str:
    if argument.annotation.endswith("Connection"):
        return str(value)
    if argument.annotation.endswith("ModelConfiguration") and isinstance(value, dict):
        return str(cast("dict[str, object]", value).get("connection") or "")
    return ""
