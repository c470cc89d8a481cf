"""Answers from recordings: no key, no network, no cost, the same answers every time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, Self

from pydantic import BeforeValidator, Field, model_validator

from llmops.connections.settings import ConnectionSettings
from llmops.domain.call import CallFailure
from llmops.recording.lines import digest_of
from llmops.recording.published import read_published
from llmops.recording.recording import read_recordings

if TYPE_CHECKING:
    from llmops.domain.call import Client, ModelRequest, ModelResponse


class Replies(Protocol):
    """What recordings hold."""

    def reply(self, request: ModelRequest) -> ModelResponse:
        """Return the recorded answer.

        Raises:
            CallFailure: the recorded one, or one that says what is recorded.
        """
        ...


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class ReplayConnection(ConnectionSettings):
    """Answers that `llmops run --record` kept of the connection of this name, or published ones."""

    connection_type: Literal["replay"]
    recording: Annotated[
        tuple[str, ...],
        Field(min_length=1),
        BeforeValidator(_listed, json_schema_input_type=str | Sequence[str]),
    ]
    """One or several .jsonl files, beside the experiment's file or from the project."""
    question: str = ""
    """Of published answers: the key of the question in each line. A prompt's last message must
    contain it."""
    answers: str = ""
    """Of published answers: the key of the mapping of answers in each line, by model; default:
    the line itself. A node's model names the answer."""

    @model_validator(mode="after")
    def _published(self) -> Self:
        if self.answers and not self.question:
            raise ValueError("answers without question: the key of the question is needed too")
        return self

    @property
    def identity(self) -> str:
        """See `Connection.identity`: another recording is another connection."""
        fields = f"{self.model} {self.question} {self.answers}"
        return f"replay {digest_of(self._paths)} {fields}".rstrip()

    @property
    def secrets(self) -> tuple[str, ...]:
        """None: recordings hold no secrets."""
        return ()

    @cached_property
    def replies(self) -> Replies:
        """Return what the files hold, read once.

        Raises:
            ConfigError: with what is wrong in them.
        """
        files = [(path, _label(path)) for path in self._paths]
        if self.question:
            return read_published(
                files, question=self.question, answers=self.answers, model=self.model
            )
        return read_recordings(files, self.name)

    @property
    def _paths(self) -> list[Path]:
        return [Path(each) for each in self.recording]

    async def open(self, timeout_seconds: float, max_connections: int) -> Client:
        """Return a client; nothing is waited for."""
        del timeout_seconds, max_connections
        return ReplayClient(self.name, self.replies)


@dataclass(frozen=True, slots=True)
class ReplayClient:
    """Implements `Client` from what is in memory."""

    connection: str
    replies: Replies

    async def send(self, request: ModelRequest) -> ModelResponse:
        """See `Client.send`; it lets others run, as every call does."""
        await asyncio.sleep(0)
        return self.replies.reply(request)

    def tool_object(self) -> object:
        """Refuse: what a Python tool asks by itself is in no recording.

        Raises:
            CallFailure: always.
        """
        message = (
            f"connection {self.connection!r} replays a recording, which answers llm nodes only"
        )
        raise CallFailure("refused", message)

    async def close(self) -> None:
        """Nothing is open."""


def _label(path: Path) -> str:
    """Return how messages name a file: from where the command was started, if it is below."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
