"""A flow without files: what it says of itself is what the test gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.configuration import Configuration
    from llmops.domain.flow import FlowInterface, NodeCall, Step


@dataclass(frozen=True, kw_only=True)
class FakeFlow:
    """Answers what can be asked before a run; `node_calls` are made in every configuration."""

    described: FlowInterface
    node_calls: tuple[NodeCall, ...] = ()

    def interface(self) -> FlowInterface:
        return self.described

    def calls(self, configuration: Configuration) -> tuple[NodeCall, ...]:
        del configuration
        return self.node_calls

    def configure(self, configuration: Configuration) -> Step:
        raise NotImplementedError(configuration.label)

    def bake(self, configuration: Configuration, folder: Path) -> str:
        raise NotImplementedError(configuration.label, folder)

    def digest(self) -> str:
        return ""
