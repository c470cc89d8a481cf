"""Where an OpenAI-shaped service is and how it wants to be spoken to; nothing is open yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from llmops.domain.call import Api
    from llmops.model_api.http_client import HttpClient


def urls_below(base: str, query: str = "") -> Mapping[Api, str]:
    """Return where OpenAI's protocol has its two apis."""
    return {
        "chat": f"{base}/chat/completions{query}",
        "completion": f"{base}/completions{query}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`urls` has one per api, with `{model}` where the model belongs into it.

    `model` is what a request asks that names none; with `deployments`, a request's own word for
    Azure goes before its model. `token` gives a bearer token for each request,
    `forget_token` releases what it holds. `tool_object` builds what Python tools get.
    """

    connection: str
    urls: Mapping[Api, str]
    tool_object: Callable[[], object]
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    model: str = ""
    deployments: bool = False
    token: Callable[[], Awaitable[str]] | None = None
    forget_token: Callable[[], Awaitable[None]] | None = None
    proxies: bool = True
    """Whether HTTPS_PROXY and its like apply."""

    async def open(self, timeout_seconds: float, max_connections: int) -> HttpClient:
        """Return a client with its own pool of connections."""
        from llmops.model_api.http_client import HttpClient

        return HttpClient(self, timeout_seconds, max_connections)
