"""Who answers: one file per kind of connection, chosen by `connection_type`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from llmops.connections.azure_openai import AzureOpenAIConnection
from llmops.connections.custom import CustomConnection
from llmops.connections.embedded import EmbeddedConnection
from llmops.connections.openai import OpenAIConnection
from llmops.connections.replay import ReplayConnection
from llmops.connections.serverless import ServerlessConnection
from llmops.connections.service import ServiceConnection

__all__ = ["AnyConnection"]

AnyConnection = Annotated[
    AzureOpenAIConnection
    | OpenAIConnection
    | ServerlessConnection
    | EmbeddedConnection
    | ReplayConnection
    | CustomConnection
    | ServiceConnection,
    Field(discriminator="connection_type"),
]
