"""A model deployed from the Azure catalogue: OpenAI's protocol at an address of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from llmops.connections.settings import Address, ConnectionSettings, Key, revealed
from llmops.connections.tool_objects import promptflow_connection
from llmops.model_api.endpoint import Endpoint, urls_below

if TYPE_CHECKING:
    from llmops.domain.call import Client

_ANY_MODEL: Final = "default"
"""The address decides the model; the protocol still wants a name."""


class ServerlessConnection(ConnectionSettings):
    """A serverless endpoint of the Azure model catalogue."""

    connection_type: Literal["ServerlessConnection", "serverless"]
    api_base: Address
    api_key: Key

    @property
    def identity(self) -> str:
        """See `Connection.identity`."""
        return f"serverless {self._base}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Connection.secrets`."""
        return revealed(self.api_key)

    async def open(self, timeout_seconds: float, max_connections: int) -> Client:
        """Return a client."""
        endpoint = Endpoint(
            connection=self.name,
            urls=urls_below(self._base),
            headers={"authorization": f"Bearer {self.api_key.get_secret_value()}"},
            secrets=self.secrets,
            model=self.model or _ANY_MODEL,
            tool_object=self._tool_object,
        )
        return await endpoint.open(timeout_seconds, max_connections)

    @property
    def _base(self) -> str:
        base = self.api_base.rstrip("/")
        return base if base.endswith("/v1") else f"{base}/v1"

    def _tool_object(self) -> object:
        return promptflow_connection(
            "ServerlessConnection",
            self.name,
            api_base=self.api_base,
            api_key=self.api_key.get_secret_value(),
        )
