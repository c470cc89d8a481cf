"""The other services that promptflow knows, for Python tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from llmops.connections.settings import NO_KEY, Address, ConnectionSettings, Key, revealed
from llmops.connections.tool_objects import promptflow_connection
from llmops.connections.tools_only import ToolsOnlyClient

if TYPE_CHECKING:
    from llmops.domain.call import Client

_CLASSES: Final = {
    "azure_ai_services": "AzureAIServicesConnection",
    "azure_content_safety": "AzureContentSafetyConnection",
    "bing": "BingConnection",
    "cognitive_search": "CognitiveSearchConnection",
    "form_recognizer": "FormRecognizerConnection",
    "serp": "SerpConnection",
}
"""promptflow's classes by the name that its YAML has for them."""


class ServiceConnection(ConnectionSettings):
    """A service that tools call themselves."""

    connection_type: Literal[
        "AzureAIServicesConnection",
        "AzureContentSafetyConnection",
        "BingConnection",
        "CognitiveSearchConnection",
        "FormRecognizerConnection",
        "SerpConnection",
        "azure_ai_services",
        "azure_content_safety",
        "bing",
        "cognitive_search",
        "form_recognizer",
        "serp",
    ]
    api_base: Address = ""
    api_key: Key = NO_KEY
    api_version: str = ""
    api_type: str = ""
    auth_mode: Literal["", "key", "meid_token"] = ""

    @property
    def identity(self) -> str:
        """See `Connection.identity`."""
        return f"{self._class} {self.api_base.rstrip('/')} {self.api_version}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Connection.secrets`."""
        return revealed(self.api_key)

    async def open(self, timeout_seconds: float, max_connections: int) -> Client:
        """Return a client that serves tools only."""
        del timeout_seconds, max_connections
        return ToolsOnlyClient(self.name, self._class, self._tool_object)

    @property
    def _class(self) -> str:
        return _CLASSES.get(self.connection_type, self.connection_type)

    def _tool_object(self) -> object:
        return promptflow_connection(
            self._class,
            self.name,
            api_key=self.api_key.get_secret_value(),
            endpoint=self.api_base,
            api_version=self.api_version,
            api_type=self.api_type,
            auth_mode=self.auth_mode,
        )
