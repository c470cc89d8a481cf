"""A `flow.dag.yaml` on disk."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from llmops import yaml
from llmops.domain.configuration import Configuration
from llmops.errors import ConfigError, Fault
from llmops.flows.dag.bake import baked, copy_files
from llmops.flows.dag.choices import choose
from llmops.flows.dag.definition import Variants
from llmops.flows.dag.describe import Description
from llmops.flows.dag.folder import FlowFolder
from llmops.flows.dag.parse import read_definition
from llmops.flows.dag.validate import check_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llmops.domain.flow import FlowInterface, NodeCall, Step
    from llmops.flows.dag.assemble import Assembler
    from llmops.flows.dag.definition import Definition, Node


class DagFlow:
    """Reads the file when it is first asked for; runs on an engine of our own."""

    def __init__(self, path: Path, label: str) -> None:
        """Take the path of the file; `label` is how messages name it."""
        self._path = path
        self._label = label

    def interface(self) -> FlowInterface:
        """Return what the files say; see `Flow.interface`."""
        return self._described.interface(self._definition)

    def calls(self, configuration: Configuration) -> tuple[NodeCall, ...]:
        """Return the model calls of one line; see `Flow.calls`."""
        return self._described.calls(self._nodes(configuration))

    def configure(self, configuration: Configuration) -> Step:
        """Load the code and return the step; see `Flow.configure`."""
        self.interface()
        return self._assembler.assemble(self._nodes(configuration))

    def bake(self, configuration: Configuration, folder: Path) -> str:
        """Write the flow with this configuration alone; see `Flow.bake`."""
        self._nodes(configuration)
        copy_files(self._folder, folder)
        file = cast("dict[str, Any]", yaml.read(self._path, self._label))
        content = baked(file, configuration, self._label)
        (folder / self._path.name).write_text(yaml.dump(content), encoding="utf-8")
        return self._path.name

    def digest(self) -> str:
        """Return the sha256 of the flow's files; see `Flow.digest`."""
        return self._folder.digest

    def _nodes(self, configuration: Configuration) -> tuple[Node, ...]:
        faults: list[Fault] = []
        nodes = choose(self._definition, configuration, faults)
        if not faults:
            faults.extend(check_nodes(self._definition, nodes))
        if faults:
            raise ConfigError(faults)
        return nodes

    @cached_property
    def _definition(self) -> Definition:
        return read_definition(self._path, self._label)

    @cached_property
    def _folder(self) -> FlowFolder:
        return FlowFolder(
            root=self._path.parent,
            label=self._label,
            includes=self._definition.additional_includes,
            sources=frozenset(node.path for node in self._definition.all_nodes if node.path),
        )

    @cached_property
    def _described(self) -> Description:
        description = Description(folder=self._folder)
        faults = dict.fromkeys(description.faults(self._definition.all_nodes))
        for configuration in self._each_variant():
            nodes = choose(self._definition, configuration, [])
            faults |= dict.fromkeys(check_nodes(self._definition, nodes))
        if faults:
            raise ConfigError(list(faults))
        return description

    def _each_variant(self) -> Iterator[Configuration]:
        """Yield the default configuration, and each variant beside the others' defaults."""
        yield Configuration()
        for each in self._definition.nodes:
            if isinstance(each, Variants):
                for variant in each.nodes:
                    yield Configuration(variants={each.name: variant})

    @cached_property
    def _assembler(self) -> Assembler:
        from llmops.flows.dag.assemble import Assembler  # templates need jinja2

        return Assembler(self._definition, self._folder)
