"""Reads `flow.dag.yaml` into a definition; everything that is wrong is found together."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from llmops import yaml
from llmops.domain.flow import REQUIRED, FlowInput
from llmops.errors import ConfigError
from llmops.flows.dag.definition import Activation, Definition, Node, Variants
from llmops.flows.dag.raw_values import Reader
from llmops.flows.dag.reference import Literal, Value, parse_value
from llmops.flows.dag.value_types import CONVERTERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KINDS: Final = ("llm", "python", "prompt", "custom_llm")
SOURCE_TYPES: Final = {
    "python": ("code", "package"),
    "custom_llm": ("package_with_prompt",),
    "llm": ("code",),
    "prompt": ("code",),
}
APIS: Final = ("chat", "completion")


def read_definition(path: Path, label: str) -> Definition:
    """Return what the file says.

    Raises:
        ConfigError: with every fault of the file.
    """
    parser = _Parser(label)
    found = parser.definition(yaml.read(path, label))
    if parser.reader.faults:
        raise ConfigError(parser.reader.faults)
    return found


@dataclass(slots=True)
class _Parser:
    label: str
    reader: Reader = field(default_factory=Reader)

    def definition(self, raw: object) -> Definition:
        file = self.reader.mapping(raw, self.label)
        language = file.get("language", "python")
        if language != "python":
            self.reader.fault(
                f"{self.label}: language", f"{language!r} flows cannot run", "allowed: python"
            )
        if "nodes" not in file:
            seen = "no nodes" if raw else "the file is empty"
            self.reader.fault(f"{self.label}: nodes", seen, "a flow has a list of nodes")
        variants = self.reader.mapping(file.get("node_variants"), f"{self.label}: node_variants")
        inputs = self.reader.mapping(file.get("inputs"), f"{self.label}: inputs")
        outputs = self.reader.mapping(file.get("outputs"), f"{self.label}: outputs")
        environment = self.reader.mapping(
            file.get("environment_variables"), f"{self.label}: environment_variables"
        )
        return Definition(
            label=self.label,
            inputs={name: self._input(name, item) for name, item in inputs.items()},
            outputs={name: self._output(name, item) for name, item in outputs.items()},
            nodes=tuple(
                self._node_or_variants(item, at, variants)
                for at, item in enumerate(
                    self.reader.items(file.get("nodes"), f"{self.label}: nodes")
                )
            ),
            additional_includes=tuple(
                str(item)
                for item in self.reader.items(
                    file.get("additional_includes"), f"{self.label}: additional_includes"
                )
            ),
            environment_variables={
                name: json.dumps(value) if isinstance(value, dict | list) else str(value)
                for name, value in environment.items()
            },
            message_format=self.reader.one_of(
                str(file.get("message_format") or "basic").lower(),
                ("basic", "openai-vision"),
                f"{self.label}: message_format",
            ),
        )

    def _input(self, name: str, raw: object) -> FlowInput:
        where = f"{self.label}: inputs.{name}"
        item = self.reader.mapping(raw, where)
        default = item.get("default")
        return FlowInput(
            name=name,
            type=self.reader.one_of(item.get("type"), CONVERTERS, f"{where}.type"),
            default=REQUIRED if default is None else default,
        )

    def _output(self, name: str, raw: object) -> Value:
        where = f"{self.label}: outputs.{name}"
        item = self.reader.mapping(raw, where)
        self.reader.one_of(item.get("type"), CONVERTERS, f"{where}.type")
        reference = item.get("reference", "")
        if reference in ("", None):
            self.reader.fault(
                f"{self.label}: outputs.{name}.reference",
                "nothing",
                "a reference such as ${node.output}",
            )
        return parse_value(reference)

    def _node_or_variants(
        self, raw: object, at: int, variants: Mapping[str, object]
    ) -> Node | Variants:
        item = self.reader.mapping(raw, f"{self.label}: nodes[{at}]")
        name = str(item.get("name") or "")
        if not name:
            self.reader.fault(f"{self.label}: nodes[{at}]", "no name")
        if not item.get("use_variants"):
            return self._node(name, item, f"{self.label}: nodes.{name}")
        return self._variants(name, variants.get(name))

    def _variants(self, name: str, raw: object) -> Variants:
        where = f"{self.label}: node_variants.{name}"
        item = self.reader.mapping(raw, where)
        bodies = self.reader.mapping(item.get("variants"), f"{where}.variants")
        if not bodies:
            self.reader.fault(
                f"{self.label}: node_variants.{name}", f"the node {name!r} has no variants"
            )
        nodes: dict[str, Node] = {}
        for variant, body in bodies.items():
            place = f"{where}.{variant}"
            node = self.reader.mapping(body, place).get("node")
            nodes[variant] = self._node(name, self.reader.mapping(node, place), place)
        default = item.get("default_variant_id")
        if bodies:
            default = self.reader.one_of(default, bodies, f"{where}.default_variant_id")
        return Variants(name=name, where=where, default=str(default), nodes=nodes)

    def _node(self, name: str, item: Mapping[str, object], where: str) -> Node:
        kind = self.reader.one_of(item.get("type"), KINDS, f"{where}.type")
        source = item.get("source")
        if source is None:
            self.reader.fault(f"{where}.source", "no source")
        source = self.reader.mapping(source, f"{where}.source")
        source_type = str(source.get("type") or "code")
        if kind in ("python", "custom_llm"):
            self.reader.one_of(source_type, SOURCE_TYPES[kind], f"{where}.source.type")
        if kind == "llm":
            self.reader.one_of(item.get("api"), APIS, f"{where}.api")
        inputs = self.reader.mapping(item.get("inputs"), f"{where}.inputs")
        return Node(
            name=name,
            where=where,
            kind=kind,
            source_type=source_type,
            path=str(source.get("path") or ""),
            tool=str(source.get("tool") or ""),
            inputs={key: parse_value(value) for key, value in inputs.items()},
            api=str(item.get("api") or ""),
            connection=str(item.get("connection") or ""),
            aggregation=bool(item.get("aggregation") or item.get("reduce")),
            activation=self._activation(item, f"{where}.activate"),
        )

    def _activation(self, node: Mapping[str, object], where: str) -> Activation | None:
        if "activate" not in node:
            return None
        item = self.reader.mapping(node["activate"], where)
        if not {"when", "is"} <= item.keys():
            self.reader.fault(where, "incomplete", "`when` and `is`")
            return Activation(when=Literal(None), expected=None)
        return Activation(when=parse_value(item["when"]), expected=item["is"])
