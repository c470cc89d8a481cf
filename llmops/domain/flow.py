"""What a flow is to the rest of the package: an interface, and steps that answer lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from llmops.domain.call import Answer, ModelRequest, ModelResponse
    from llmops.domain.configuration import Configuration

REQUIRED: Final = object()
"""The default of an input that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowInput:
    """One input: `type` is promptflow's name (`string`, `int`, `double`, `bool`, `list`, ...)."""

    name: str
    type: str = "string"
    default: object = REQUIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeVariants:
    """The variant ids of one node in file order, and the one a plain run would take."""

    node: str
    default: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCall:
    """A node that may call a model, as `llmops plan` counts it.

    `node_inputs` of other nodes it depends on, directly or not, decide how far it is shared:
    `upstream` names those nodes. `prompt` is the template's source, for a rough token estimate.
    """

    node: str
    connection: str
    model: str
    upstream: frozenset[str] = frozenset()
    prompt: str = ""
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowInterface:
    """What can be known of a flow without running it (and without importing its tools)."""

    inputs: tuple[FlowInput, ...]
    outputs: tuple[str, ...]
    variants: tuple[NodeVariants, ...] = ()
    parameters: frozenset[str] = frozenset()
    """Names that `parameters:` may set, as `node.input`; `init.name` for a class's arguments."""
    open_parameters: frozenset[str] = frozenset()
    """Nodes that take any input name (an `llm` node's template variables and options)."""
    connections: frozenset[str] = frozenset()
    """Every connection name that any variant of any node uses."""
    aggregates: bool = False
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Nodes whose model's text is an output as it is, and that output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOutput:
    """What one line of one trial answered.

    `aggregation_inputs` maps references such as `${grade.output}` to this line's value, for the
    aggregation nodes. `seconds` is the length of the critical path: the time the line would take
    alone, a shared answer counted with the time its owner took.
    """

    outputs: Mapping[str, object]
    seconds: float
    aggregation_inputs: Mapping[str, object] = field(default_factory=dict[str, object])


class LineContext(Protocol):
    """What a step may ask for while it answers one line of one trial."""

    async def once(
        self, key: str, node: str, work: Callable[[], Awaitable[Answer]], *, paid: bool
    ) -> Answer:
        """Return the answer to `key`, running `work` at most once among all trials of the line.

        A paid answer is on disk before it is returned. A failure goes to everyone who waits and
        is forgotten.
        """
        ...

    async def call_model(self, connection: str, request: ModelRequest) -> ModelResponse:
        """Send the request through the connection's limits, retries and budget.

        Raises:
            CallFailure: when it was refused, or failed after all retries.
        """
        ...

    async def in_thread(self, function: Callable[[], object]) -> object:
        """Run a blocking function in a bounded pool of threads, context variables included."""
        ...

    def connection_object(self, connection: str) -> object:
        """Return promptflow's own connection object, for tools that take one by annotation."""
        ...


class Step(Protocol):
    """A flow with one configuration baked in; the same object measures and serves."""

    async def run_line(self, inputs: Mapping[str, object], context: LineContext) -> LineOutput:
        """Answer one line; missing inputs take the flow's defaults.

        Raises:
            LineFailure: with the node and the cause.
        """
        ...

    async def aggregate(
        self,
        inputs: Mapping[str, Sequence[object]],
        aggregation_inputs: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> Mapping[str, float]:
        """Run the aggregation nodes over columns of the good lines; return the logged metrics."""
        ...


class Flow(Protocol):
    """A flow on disk."""

    def interface(self) -> FlowInterface:
        """Return what the files say.

        Raises:
            ConfigError: with every fault of the files.
        """
        ...

    def calls(self, configuration: Configuration) -> tuple[NodeCall, ...]:
        """Return the model calls one line of this configuration makes, in topological order."""
        ...

    def configure(self, configuration: Configuration) -> Step:
        """Load the code and return the step of this configuration.

        Raises:
            ConfigError: when a variant, a source file or a tool cannot be used.
        """
        ...

    def bake(self, configuration: Configuration, folder: Path) -> str:
        """Write the flow with this configuration as its only one; `folder` is made.

        Return the name of the file that describes it there.

        Raises:
            ConfigError: when the configuration cannot be written so.
        """
        ...

    def digest(self) -> str:
        """Return the sha256 of every file that can change an answer."""
        ...
