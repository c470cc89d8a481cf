"""One provider over HTTP: a request is one POST, an answer is JSON, everything else a failure.

It speaks through aiohttp alone: in a loop against a local server that takes a tenth of the
processor time of the `openai` package, and a failure can be told by where it happened.
"""

from __future__ import annotations

import json
import ssl
from time import perf_counter
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from urllib.request import getproxies

import aiohttp
import certifi

from llmops.domain.call import CallFailure
from llmops.model_api.answers import as_response, read_answer
from llmops.model_api.failures import broken, refusal
from llmops.model_api.streamed_answers import can_stream, read_events
from llmops.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.call import Listener, ModelRequest, ModelResponse
    from llmops.model_api.endpoint import Endpoint

_CONNECT_SECONDS: Final = 10.0


class HttpClient:
    """An open `Endpoint`; one attempt per request."""

    def __init__(self, endpoint: Endpoint, timeout_seconds: float, max_connections: int) -> None:
        """Open the pool inside the running loop."""
        self._endpoint = endpoint
        self._timeout_seconds = timeout_seconds
        self._redacted = Redactor(endpoint.secrets)
        secure = any(url.startswith("https:") for url in endpoint.urls.values())
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=max_connections, ssl=_certificates() if secure else True
            ),
            headers={"content-type": "application/json", **endpoint.headers},
            timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=_CONNECT_SECONDS),
            trust_env=endpoint.proxies and bool(getproxies()),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Send it once; see `Client.send`."""
        body, model = self._prepared(request)
        url = self._endpoint.urls[request.api].replace("{model}", quote(model, safe=""))
        headers = await self._authorization()
        started = perf_counter()
        try:
            async with self._session.post(
                url, data=json.dumps(body).encode(), headers=headers, allow_redirects=False
            ) as answer:
                if request.listener and answer.content_type == "text/event-stream":
                    whole = await self._streamed(answer, request.listener)
                    return as_response(whole, request.api, model, perf_counter() - started)
                payload = await self._payload(answer)
        except TimeoutError as error:
            raise self._late(error) from None
        except aiohttp.ClientError as error:
            raise self._unreachable(error) from None
        if answer.status != 200:
            raise refusal(answer.status, answer.headers, payload, self._redacted)
        return read_answer(payload, request.api, model, perf_counter() - started)

    def tool_object(self) -> object:
        """Return promptflow's connection object."""
        return self._endpoint.tool_object()

    async def close(self) -> None:
        """Close the pool."""
        await self._session.close()
        if self._endpoint.forget_token:
            await self._endpoint.forget_token()

    def _prepared(self, request: ModelRequest) -> tuple[Mapping[str, object], str]:
        """Return the body with its model, streamed only where somebody listens, and the model."""
        body = request.body
        deployment = request.deployment if self._endpoint.deployments else ""
        model = deployment or body.get("model") or self._endpoint.model
        if not isinstance(model, str) or not model:
            where = self._endpoint.connection
            message = f"no model: the node names none, nor does connection {where!r} (`model:`)"
            raise CallFailure("refused", message)
        if can_stream(request):
            usage = {"include_usage": True}
            body = {**body, "model": model, "stream": True, "stream_options": usage}
        elif body.get("stream") or body.get("model") != model:
            body = {**body, "model": model, "stream": False}
            body.pop("stream_options", None)
        return body, model

    async def _authorization(self) -> Mapping[str, str] | None:
        token = self._endpoint.token
        return {"authorization": f"Bearer {await token()}"} if token else None

    async def _streamed(
        self, answer: aiohttp.ClientResponse, listener: Listener
    ) -> Mapping[str, object]:
        try:
            return await read_events(answer.content, listener)
        except (aiohttp.ClientError, ValueError) as error:  # a line may be too long
            raise broken(f"the answer broke off: {type(error).__name__}") from None

    async def _payload(self, answer: aiohttp.ClientResponse) -> bytes:
        try:
            return await answer.read()
        except aiohttp.ClientError as error:
            raise broken(f"the answer broke off: {type(error).__name__}") from None

    def _late(self, error: TimeoutError) -> CallFailure:
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return CallFailure("connection", "the server does not accept", retryable=True)
        return CallFailure("timeout", f"no answer within {self._timeout_seconds:g} s")

    def _unreachable(self, error: aiohttp.ClientError) -> CallFailure:
        message = self._redacted(f"{type(error).__name__}: {error}")
        if isinstance(error, aiohttp.ClientResponseError):
            return broken(message)
        if isinstance(error, aiohttp.InvalidURL):
            return CallFailure("refused", message)
        untrusted = isinstance(error, aiohttp.ClientSSLError)
        return CallFailure("connection", message, retryable=not untrusted)


def _certificates() -> ssl.SSLContext:
    """Return the system's trusted roots and certifi's, for Pythons that find no system's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
