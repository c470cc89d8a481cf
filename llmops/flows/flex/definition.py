"""What a `flow.flex.yaml` says; a plain Python file is one that says its entry only."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from llmops import yaml
from llmops.domain.flow import REQUIRED, FlowInput
from llmops.errors import ConfigError
from llmops.flows.dag.raw_values import Reader
from llmops.flows.dag.value_types import CONVERTERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ENTRY: Final = re.compile(r"([\w.]+):(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexDefinition:
    """`source` is the entry's file and `entry` its name there, empty for the only one it has.

    `inputs` and `outputs` are empty where the file leaves them to the code. `init` has the values
    that the file gives for the arguments of the entry's class.
    """

    label: str
    source: str
    entry: str
    inputs: tuple[FlowInput, ...] = ()
    outputs: tuple[str, ...] = ()
    init: Mapping[str, object] = field(default_factory=dict[str, object])
    environment_variables: Mapping[str, str] = field(default_factory=dict[str, str])
    additional_includes: tuple[str, ...] = ()


def read_definition(path: Path, label: str) -> FlexDefinition:
    """Return what the file says.

    Raises:
        ConfigError: with every fault of the file.
    """
    reader = Reader()
    file = reader.mapping(yaml.read(path, label), label)
    found = _ENTRY.fullmatch(str(file.get("entry") or ""))
    if not found:
        seen = repr(file["entry"]) if "entry" in file else "nothing"
        reader.fault(f"{label}: entry", seen, "module:function or module:Class")
    inputs = reader.mapping(file.get("inputs"), f"{label}: inputs")
    environment = reader.mapping(
        file.get("environment_variables"), f"{label}: environment_variables"
    )
    includes = reader.items(file.get("additional_includes"), f"{label}: additional_includes")
    definition = FlexDefinition(
        label=label,
        source=f"{found[1].replace('.', '/')}.py" if found else "",
        entry=found[2] if found else "",
        inputs=tuple(_input(name, item, label, reader) for name, item in inputs.items()),
        outputs=tuple(reader.mapping(file.get("outputs"), f"{label}: outputs")),
        init=_init(file, label, reader),
        environment_variables={
            name: json.dumps(value) if isinstance(value, dict | list) else str(value)
            for name, value in environment.items()
        },
        additional_includes=tuple(map(str, includes)),
    )
    if reader.faults:
        raise ConfigError(reader.faults)
    return definition


def _input(name: str, raw: object, label: str, reader: Reader) -> FlowInput:
    where = f"{label}: inputs.{name}"
    item = reader.mapping(raw, where)
    type_ = reader.one_of(item.get("type", "object"), CONVERTERS, f"{where}.type")
    return FlowInput(name=name, type=type_, default=item.get("default", REQUIRED))


def _init(file: Mapping[str, object], label: str, reader: Reader) -> dict[str, object]:
    """Return the arguments' defaults, and the sample's values over them as promptflow does."""
    declared = reader.mapping(file.get("init"), f"{label}: init")
    sample = reader.mapping(file.get("sample"), f"{label}: sample")
    values: dict[str, object] = {}
    for name, raw in declared.items():
        item = reader.mapping(raw, f"{label}: init.{name}")
        if item.get("default") is not None:
            values[name] = item["default"]
    return values | reader.mapping(sample.get("init"), f"{label}: sample.init")
