"""One call of a model: what is asked, what came back, and how it can fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Api = Literal["chat", "completion"]
FailureKind = Literal[
    "rate_limit", "server", "connection", "timeout", "broken_answer", "refused", "budget"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Who wants an answer of their own to a request that others may send as well.

    `line` counts from 0, -1 stands for all lines together; `group` names the contexts that share
    the answer, empty for all of the line.
    """

    dataset: str = ""
    line: int = -1
    repeat: int = 0
    group: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """Hears the text that a node's model gives, piece by piece, before the answer is whole."""

    node: str
    hear: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """An OpenAI-shaped request: `body` is the JSON sent, its model included.

    `deployment` is what Azure is to call the model, where the asker knows; others ignore it.
    `sample` tells equal requests apart; no provider sees it. `listener` hears the answer's text
    from clients that can stream it; the answer itself is whole either way.
    """

    api: Api
    body: Mapping[str, object]
    deployment: str = ""
    sample: Sample = field(default_factory=Sample)
    listener: Listener | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the provider counted them; zero where it said nothing."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sum of both."""
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResponse:
    """An answered call: the JSON body as received; `seconds` without waiting for a free slot."""

    body: Mapping[str, object]
    usage: Usage
    seconds: float
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a node gave: any value, with what it took to get it.

    `calls` counts answered model calls; `cost` is in the currency of the experiment's prices,
    None where no price is known.
    """

    output: object
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    calls: int = 0
    model: str = ""
    cost: float | None = None


class CallFailure(Exception):  # noqa: N818
    """A call that gave no answer.

    `retryable` is true only where nothing can have been billed, or where the provider asks for it.
    `retry_after` is in seconds. The message never holds a key.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        """Keep the parts; the message is for people."""
        super().__init__(message)
        self.kind: FailureKind = kind
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after


class LineFailure(Exception):  # noqa: N818
    """A line that gave no output: the node it stopped at, a short kind and a message."""

    def __init__(self, node: str, kind: str, message: str) -> None:
        """Keep the parts; `kind` is an exception's class name or a CallFailure's kind."""
        super().__init__(f"{node}: {kind}: {message}" if node else f"{kind}: {message}")
        self.node = node
        self.kind = kind
        self.message = message


class Client(Protocol):
    """An open connection to a provider: one attempt per `send`, no retries of its own."""

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Send the request once.

        Raises:
            CallFailure: whatever went wrong, translated.
        """
        ...

    def tool_object(self) -> object:
        """Return promptflow's connection object for Python tools."""
        ...

    async def close(self) -> None:
        """Release sockets and processes."""
        ...


class Connection(Protocol):
    """A configured provider; frozen, nothing is open yet."""

    @property
    def name(self) -> str:
        """The name that flows use."""
        ...

    @property
    def identity(self) -> str:
        """What decides the answers (kind, endpoint, API version; no key), for memo keys."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be written anywhere."""
        ...

    def model_of(self, named: str) -> str:
        """Return the model that answers a node which names `named`; empty where nobody says."""
        ...

    async def open(self, timeout_seconds: float, max_connections: int) -> Client:
        """Start what answers (a client, a child process).

        Raises:
            ConfigError: when it cannot start.
        """
        ...
