"""A small language model on this machine: no key, no network, the same answers every time."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, field_validator

from llmops.connections.settings import ConnectionSettings
from llmops.connections.tool_objects import promptflow_connection
from llmops.domain.call import CallFailure
from llmops.embedded_model import process
from llmops.embedded_model.model_file import MODELS, ModelFileError
from llmops.embedded_model.process import EmbeddedServer, ServerSettings, StartError
from llmops.model_api.endpoint import Endpoint, urls_below

if TYPE_CHECKING:
    from llmops.domain.call import Client, ModelRequest, ModelResponse
    from llmops.model_api.http_client import HttpClient

_ENGINE: Final = "xllamacpp"
_UNSUPPORTED: Final = ("tools", "functions")
"""Parts of a request that the model ignores without a word."""


class EmbeddedConnection(ConnectionSettings):
    """A small language model on this machine; it answers one call at a time.

    At temperature 0 its answers repeat exactly, whatever the order of the calls.
    """

    connection_type: Literal["embedded"]
    model: str = "smollm2-135m"
    """Which model; a node's own model name is ignored."""
    context: Annotated[int, Field(ge=64, le=8192)] = 1024
    """Tokens of prompt and answer together."""
    prompts_kept: Annotated[int, Field(ge=1, le=32)] = 8
    """How many prompts' beginnings stay in memory, to be read once only."""

    @field_validator("model")
    @classmethod
    def _known(cls, model: str) -> str:
        if model not in MODELS:
            raise ValueError(f"no embedded model {model!r}; allowed: {', '.join(MODELS)}")
        return model

    @property
    def identity(self) -> str:
        """See `Connection.identity`."""
        try:
            engine = version(_ENGINE)
        except PackageNotFoundError:
            engine = "none"
        weights = MODELS[self.model].sha256[:16]
        return f"embedded {self.model} {weights} {_ENGINE} {engine} context {self.context}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """None: the server's key is new at every start and dies with it."""
        return ()

    def model_of(self, named: str) -> str:
        """Return the model of the connection, whatever a node names."""
        del named
        return self.model

    async def open(self, timeout_seconds: float, max_connections: int) -> Client:
        """Start the model, or join those who use it already.

        Raises:
            ConfigError: when its package is missing or damaged, or it does not start.
        """
        try:
            path = MODELS[self.model].find()
            settings = ServerSettings(
                model=str(path),
                alias=self.model,
                context=self.context,
                prompts_kept=self.prompts_kept,
            )
            server, address = await process.lease(settings)
        except ModelFileError as error:
            raise self.fault(f"the embedded model cannot be used: {error}") from None
        except StartError as error:
            raise self.fault(
                f"the embedded model did not start: {error}",
                next_step="on Linux it needs the system's libgomp1, and a processor with AVX2",
            ) from None
        endpoint = self._endpoint(f"{address}/v1", server.key)
        http = await endpoint.open(timeout_seconds, max_connections)
        return EmbeddedClient(self, server, http)

    def _endpoint(self, base: str, key: str) -> Endpoint:
        return Endpoint(
            connection=self.name,
            urls=urls_below(base),
            headers={"authorization": f"Bearer {key}"},
            secrets=(key,),
            model=self.model,
            tool_object=lambda: promptflow_connection(
                "OpenAIConnection", self.name, api_key=key, base_url=base
            ),
            proxies=False,
        )


@dataclass(frozen=True, slots=True)
class EmbeddedClient:
    """Implements `Client`: one call at a time, and none that the model cannot answer."""

    connection: EmbeddedConnection
    server: EmbeddedServer
    http: HttpClient

    async def send(self, request: ModelRequest) -> ModelResponse:
        """See `Client.send`."""
        for part in _UNSUPPORTED:
            if request.body.get(part):
                message = f"the embedded model cannot use {part}; use another connection"
                raise CallFailure("refused", message)
        async with self.server.turn:
            try:
                return await self.http.send(request)
            except CallFailure as failure:
                raise self._explained(failure) from None

    def tool_object(self) -> object:
        """Return an OpenAI connection object that points at the model."""
        return self.http.tool_object()

    async def close(self) -> None:
        """Leave; the last one stops the model."""
        await self.http.close()
        process.release(self.server)

    def _explained(self, failure: CallFailure) -> CallFailure:
        if failure.kind == "connection" and (end := self.server.ended()):
            return CallFailure("connection", f"the embedded model is gone: {end}")
        if "exceeds the available context size" in str(failure):
            hint = f"raise `context` of {self.connection.where}, now {self.connection.context}"
            return CallFailure("refused", f"{failure}; {hint}", status=failure.status)
        if failure.kind == "server":  # nobody else uses it: it would say the same again
            return CallFailure("refused", str(failure), status=failure.status)
        return failure
