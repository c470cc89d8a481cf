"""The connections that every case may name, as promptflow's own objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "not-a-secret"


def connection_objects(url: str) -> Mapping[str, object]:
    """Return connections that lead to the provider at `url`, each bearing its name."""
    from promptflow.connections import (
        AzureOpenAIConnection,
        CustomConnection,
        OpenAIConnection,
    )

    return {
        "azure": AzureOpenAIConnection(
            api_key=KEY, api_base=url, api_version="2024-02-01", name="azure"
        ),
        "openai": OpenAIConnection(api_key=KEY, base_url=f"{url}/v1", name="openai"),
        "custom": CustomConnection(
            secrets={"token": KEY},
            configs={"endpoint": "https://search.example", "region": "north"},
            name="custom",
        ),
    }
