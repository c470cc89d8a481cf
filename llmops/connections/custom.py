"""Whatever a tool needs to reach a service of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from llmops.connections.settings import ConnectionSettings, revealed
from llmops.connections.tool_objects import promptflow_connection
from llmops.connections.tools_only import ToolsOnlyClient

if TYPE_CHECKING:
    from llmops.domain.call import Client


class CustomConnection(ConnectionSettings):
    """Named settings and keys for Python tools."""

    connection_type: Literal["CustomConnection", "custom"]
    configs: dict[str, str] = Field(default_factory=dict)
    secret_values: dict[str, SecretStr] = Field(default_factory=dict, validation_alias="secrets")

    @property
    def identity(self) -> str:
        """See `Connection.identity`."""
        return f"custom {sorted(self.configs.items())}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Connection.secrets`."""
        return revealed(*self.secret_values.values())

    async def open(self, timeout_seconds: float, max_connections: int) -> Client:
        """Return a client that serves tools only."""
        del timeout_seconds, max_connections
        return ToolsOnlyClient(self.name, "CustomConnection", self._tool_object)

    def _tool_object(self) -> object:
        secrets = {name: key.get_secret_value() for name, key in self.secret_values.items()}
        # promptflow wants the secrets even where there are none.
        return promptflow_connection(
            "CustomConnection", self.name, configs=dict(self.configs), secrets=secrets or {"": ""}
        )
