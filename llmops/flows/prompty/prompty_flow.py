"""A `.prompty` file: one prompt with its model and inputs, run as a flow of one call."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from llmops.domain.flow import FlowInterface, NodeCall
from llmops.errors import ConfigError, Fault
from llmops.flows.prompty.document import read_document, written

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.configuration import Configuration
    from llmops.domain.flow import Step
    from llmops.flows.prompty.document import Document

_MODEL_NAMES: Final = ("model", "azure_deployment", "deployment_name")
OUTPUT: Final = "output"
"""The output of a prompty that answers with text."""


class PromptyFlow:
    """Reads the file when it is first asked for; `parameters` name it by its file's stem."""

    def __init__(self, path: Path, label: str) -> None:
        """Take the path of the file; `label` is how messages name it."""
        self._path = path
        self._label = label

    @property
    def _name(self) -> str:
        return self._path.stem

    def interface(self) -> FlowInterface:
        """Return what the file says; see `Flow.interface`."""
        document = self._document
        connection = document.connection
        return FlowInterface(
            inputs=document.inputs,
            outputs=document.outputs if document.answers_json else (OUTPUT,),
            open_parameters=frozenset({self._name}),
            connections=frozenset({connection} if connection else ()),
            texts={} if document.answers_json else {self._name: OUTPUT},
        )

    def calls(self, configuration: Configuration) -> tuple[NodeCall, ...]:
        """Return the one call; see `Flow.calls`."""
        document = self._chosen(configuration)
        limit = document.parameters.get("max_tokens")
        call = NodeCall(
            node=self._name,
            connection=document.connection,
            model=document.model,
            prompt=document.template,
            max_tokens=limit if isinstance(limit, int) else None,
        )
        return (call,)

    def configure(self, configuration: Configuration) -> Step:
        """Compile the template and return the step; see `Flow.configure`."""
        from llmops.flows.prompty.step import prompty_step  # templates need jinja2

        document = self._chosen(configuration)
        if not document.connection:
            fault = Fault(
                where=f"{self._label}: model.configuration.connection",
                seen="no connection",
                next_step=f"name one there, or set parameters: {self._name}.connection",
            )
            raise ConfigError([fault])
        return prompty_step(self._name, document, self._path.parent)

    def bake(self, configuration: Configuration, folder: Path) -> str:
        """Write the file with this configuration alone; see `Flow.bake`."""
        folder.mkdir(parents=True)
        text = written(self._chosen(configuration))
        (folder / self._path.name).write_text(text, encoding="utf-8")
        return self._path.name

    def digest(self) -> str:
        """Return the sha256 of the file and of what it refers to; see `Flow.digest`."""
        found = self._document
        referred = json.dumps([found.model, dict(found.parameters)], sort_keys=True, default=str)
        return hashlib.sha256(self._path.read_bytes() + referred.encode()).hexdigest()

    @cached_property
    def _document(self) -> Document:
        return read_document(self._path, self._label)

    def _chosen(self, configuration: Configuration) -> Document:
        """Return the document with the configuration's parameters in place of its own."""
        document = self._document
        inputs = {each.name: each for each in document.inputs}
        for key, value in configuration.parameters.items():
            entry = key.removeprefix(f"{self._name}.")
            if entry == "connection":
                document = replace(document, connection=str(value))
            elif entry in _MODEL_NAMES:
                document = replace(document, model=str(value))
            elif entry in inputs:
                inputs[entry] = replace(inputs[entry], default=value)
            else:
                document = replace(document, parameters={**document.parameters, entry: value})
        return replace(document, inputs=tuple(inputs.values()))
