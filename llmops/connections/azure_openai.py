"""Azure OpenAI: a model is a deployment, and its name is part of the address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from llmops.connections.settings import NO_KEY, Address, ConnectionSettings, Key, revealed
from llmops.connections.tool_objects import promptflow_connection
from llmops.model_api.endpoint import Endpoint, urls_below

if TYPE_CHECKING:
    from llmops.domain.call import Client

_SCOPE: Final = "https://cognitiveservices.azure.com/.default"


class AzureOpenAIConnection(ConnectionSettings):
    """An Azure OpenAI resource, by key or by Microsoft Entra ID."""

    connection_type: Literal["AzureOpenAIConnection", "azure_open_ai"]
    api_base: Address
    api_key: Key = NO_KEY
    api_version: str = "2024-02-01"
    api_type: str = "azure"
    auth_mode: Literal["key", "meid_token"] = "key"
    """`meid_token` signs in as azure-identity's DefaultAzureCredential finds."""

    @property
    def identity(self) -> str:
        """See `Connection.identity`."""
        return f"azure_openai {self.api_base.rstrip('/')} {self.api_version}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Connection.secrets`."""
        return revealed(self.api_key)

    async def open(self, timeout_seconds: float, max_connections: int) -> Client:
        """Return a client.

        Raises:
            ConfigError: when there is neither a key nor a way to sign in.
        """
        base = f"{self.api_base.rstrip('/')}/openai/deployments/{{model}}"
        endpoint = Endpoint(
            connection=self.name,
            urls=urls_below(base, f"?api-version={self.api_version}"),
            headers={"api-key": self.secrets[0]} if self.secrets else {},
            secrets=self.secrets,
            model=self.model,
            deployments=True,
            tool_object=self._tool_object,
        )
        if self.auth_mode == "meid_token":
            endpoint = self._signed_in(endpoint)
        elif not self.secrets:
            raise self.fault(
                "api_key is missing",
                next_step="set it, or `auth_mode: meid_token` to sign in with Microsoft Entra ID",
            )
        return await endpoint.open(timeout_seconds, max_connections)

    def _signed_in(self, endpoint: Endpoint) -> Endpoint:
        try:
            from azure.identity.aio import DefaultAzureCredential, get_bearer_token_provider
        except ImportError:
            raise self.fault(
                "auth_mode: meid_token needs azure-identity, which is not installed",
                next_step="install llmops[azure], or set api_key",
            ) from None
        credential = DefaultAzureCredential()
        return replace(
            endpoint,
            headers={},
            token=get_bearer_token_provider(credential, _SCOPE),
            forget_token=credential.close,
        )

    def _tool_object(self) -> object:
        return promptflow_connection(
            "AzureOpenAIConnection",
            self.name,
            api_base=self.api_base,
            api_key=self.api_key.get_secret_value(),
            api_type=self.api_type,
            api_version=self.api_version,
            auth_mode=self.auth_mode,
        )
