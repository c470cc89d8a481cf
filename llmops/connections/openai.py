"""OpenAI, and everything that speaks its protocol at another address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from llmops.connections.settings import NO_KEY, Address, ConnectionSettings, Key, revealed
from llmops.connections.tool_objects import promptflow_connection
from llmops.model_api.endpoint import Endpoint, urls_below

if TYPE_CHECKING:
    from llmops.domain.call import Client

_DEFAULT = "https://api.openai.com/v1"


class OpenAIConnection(ConnectionSettings):
    """OpenAI's API, or a compatible one at `api_base`."""

    connection_type: Literal["OpenAIConnection", "open_ai"]
    api_base: Address = ""
    api_key: Key = NO_KEY
    organization: str = ""
    api_type: str = ""
    """Accepted for the template's sake; nothing uses it."""
    api_version: str = ""
    """Accepted for the template's sake; nothing uses it."""

    @property
    def identity(self) -> str:
        """See `Connection.identity`."""
        return f"openai {self._base}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Connection.secrets`."""
        return revealed(self.api_key)

    async def open(self, timeout_seconds: float, max_connections: int) -> Client:
        """Return a client.

        Raises:
            ConfigError: when there is no key for OpenAI itself.
        """
        if not self.secrets and not self.api_base:
            raise self.fault("api_key is missing", next_step="set it, or api_base of a server")
        headers = {"authorization": f"Bearer {self.secrets[0]}"} if self.secrets else {}
        if self.organization:
            headers["openai-organization"] = self.organization
        endpoint = Endpoint(
            connection=self.name,
            urls=urls_below(self._base),
            headers=headers,
            secrets=self.secrets,
            model=self.model,
            tool_object=self._tool_object,
        )
        return await endpoint.open(timeout_seconds, max_connections)

    @property
    def _base(self) -> str:
        return (self.api_base or _DEFAULT).rstrip("/")

    def _tool_object(self) -> object:
        return promptflow_connection(
            "OpenAIConnection",
            self.name,
            api_key=self.api_key.get_secret_value() or "none",
            base_url=self.api_base,
            organization=self.organization,
        )
