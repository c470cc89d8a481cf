"""A client of services that Python tools call themselves: it hands out promptflow's object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.domain.call import CallFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmops.domain.call import ModelRequest, ModelResponse


@dataclass(frozen=True, slots=True)
class ToolsOnlyClient:
    """Implements `Client` for a connection that no `llm` node can use."""

    connection: str
    kind: str
    build: Callable[[], object]

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Refuse.

        Raises:
            CallFailure: always.
        """
        del request
        message = f"connection {self.connection!r} is of type {self.kind}, which answers no prompt"
        raise CallFailure("refused", message)

    def tool_object(self) -> object:
        """Return promptflow's connection object."""
        return self.build()

    async def close(self) -> None:
        """Nothing is open."""
