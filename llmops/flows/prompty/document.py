"""Reads a `.prompty` file: YAML between two lines of dashes, then the template."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from llmops import yaml
from llmops.domain.flow import REQUIRED, FlowInput
from llmops.errors import ConfigError, Fault
from llmops.flows.dag.raw_values import Reader
from llmops.flows.dag.value_types import CONVERTERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.call import Api

_PARTS: Final = re.compile(r"-{3,}\r?\n(.*)-{3,}\r?\n(.*)", re.DOTALL)
_REFERENCE: Final = re.compile(r"\$\{(env|file):(.*)\}")
_TYPES: Final = {"bool": "bool", "int": "int", "float": "double", "list": "list", "dict": "object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the file says. `connection` and `model` are empty where it names none.

    `parameters` are sent as they stand. `outputs` are the keys taken of an answer in JSON.
    """

    label: str
    api: Api
    connection: str
    model: str
    parameters: Mapping[str, object]
    inputs: tuple[FlowInput, ...]
    outputs: tuple[str, ...]
    template: str

    @property
    def answers_json(self) -> bool:
        """Return whether the model is asked for a JSON object."""
        asked = self.parameters.get("response_format")
        return (
            isinstance(asked, dict) and "json_object" in cast("dict[str, object]", asked).values()
        )


def read_document(path: Path, label: str) -> Document:
    """Return what the file says.

    Raises:
        ConfigError: with every fault of the file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError([Fault(where=label, seen="not UTF-8")]) from None
    found = _PARTS.search(text)
    if not found:
        seen = "no front matter"
        allowed = "a prompty has YAML between two lines of `---`, then the prompt"
        raise ConfigError([Fault(where=label, seen=seen, allowed=allowed)])
    parser = _Parser(label, path.parent)
    document = parser.document(yaml.parse(found[1], label), found[2])
    if parser.reader.faults:
        raise ConfigError(parser.reader.faults)
    return document


def written(document: Document) -> str:
    """Return the document as a file that says all of it."""
    front_matter = {
        "model": {
            "api": document.api,
            "configuration": {"connection": document.connection, "model": document.model},
            "parameters": dict(document.parameters),
        },
        "inputs": {
            each.name: {"type": each.type}
            | ({} if each.default is REQUIRED else {"default": each.default})
            for each in document.inputs
        },
        "outputs": {name: {"type": "object"} for name in document.outputs},
    }
    return f"---\n{yaml.dump(front_matter)}---\n{document.template}"


@dataclass(slots=True)
class _Parser:
    label: str
    folder: Path
    reader: Reader = field(default_factory=Reader)

    def document(self, raw: object, template: str) -> Document:
        file = self.reader.mapping(raw, self.label)
        at = f"{self.label}: model"
        model = self.reader.mapping(file.get("model"), at)
        asked = self.reader.mapping(model.get("configuration"), f"{at}.configuration")
        parameters = self.reader.mapping(model.get("parameters"), f"{at}.parameters")
        if model.get("response", "first") != "first":
            self.reader.fault(f"{at}.response", repr(model["response"]), "allowed: first")
        api = self.reader.one_of(model.get("api", "chat"), ("chat", "completion"), f"{at}.api")
        return Document(
            label=self.label,
            api=cast("Api", api),
            connection=str(asked.get("connection") or ""),
            model=str(self._resolved(asked.get("azure_deployment") or asked.get("model") or "")),
            parameters={
                name: self._resolved(value)
                for name, value in parameters.items()
                if name not in ("stream", "extra_headers")  # the whole answer is wanted
            },
            inputs=self._inputs(file),
            outputs=tuple(self.reader.mapping(file.get("outputs"), f"{self.label}: outputs")),
            template=template,
        )

    def _inputs(self, file: Mapping[str, object]) -> tuple[FlowInput, ...]:
        """Return the declared inputs; without a declaration, those of the sample."""
        declared = self.reader.mapping(file.get("inputs"), f"{self.label}: inputs")
        if declared:
            return tuple(self._input(name, item) for name, item in declared.items())
        sample = self._resolved(file.get("sample"))
        values = self.reader.mapping(sample, f"{self.label}: sample")
        return tuple(
            FlowInput(name=name, type=_TYPES.get(type(value).__name__, "string"))
            for name, value in values.items()
        )

    def _input(self, name: str, raw: object) -> FlowInput:
        where = f"{self.label}: inputs.{name}"
        item = self.reader.mapping(raw, where)
        type_ = self.reader.one_of(item.get("type", "string"), CONVERTERS, f"{where}.type")
        return FlowInput(name=name, type=type_, default=item.get("default", REQUIRED))

    def _resolved(self, value: object) -> object:
        """Return the value with `${env:NAME}` and `${file:path}` looked up, as promptflow does."""
        if isinstance(value, dict):
            pairs = cast("dict[object, object]", value).items()
            return {key: self._resolved(item) for key, item in pairs}
        if isinstance(value, list):
            return [self._resolved(item) for item in cast("list[object]", value)]
        found = _REFERENCE.match(value) if isinstance(value, str) else None
        if not found:
            return value
        if found[1] == "env":
            return os.environ.get(found[2], value)
        return self._file(found[2])

    def _file(self, name: str) -> object:
        path = self.folder / name
        where = f"{self.label}: {name}"
        if path.suffix.lower() in (".yml", ".yaml"):
            return yaml.read(path, where)
        try:
            text = path.read_text(encoding="utf-8")
            return cast("object", json.loads(text)) if path.suffix.lower() == ".json" else text
        except (OSError, ValueError) as error:
            self.reader.fault(where, f"cannot be read: {error}")
            return None
