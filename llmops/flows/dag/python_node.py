"""A `python` node: a function of the flow's own code, or a method of a tool class."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from llmops.flows.dag.calling import call_tool, share
from llmops.flows.dag.node_values import fresh
from llmops.flows.dag.sharing_key import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from llmops.domain.call import Answer
    from llmops.domain.flow import LineContext
    from llmops.flows.dag.signature import ParameterType


class _CustomConnection(Protocol):
    def _convert_to_custom_strong_type(self, module: ModuleType, to_class: str) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInput:
    """A parameter that gets the connection of this name."""

    connection: str
    type: ParameterType
    module: ModuleType

    def resolve(self, context: LineContext) -> object:
        """Return promptflow's object, as the annotation wants it.

        Raises:
            TypeError: when the connection is of another kind.
        """
        found = context.connection_object(self.connection)
        if self.type.custom:
            custom = cast("_CustomConnection", found)
            return custom._convert_to_custom_strong_type(  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  its one way
                module=self.module, to_class=self.type.custom[0]
            )
        if type(found).__name__ not in self.type.connections:
            raise TypeError(
                f"the connection {self.connection!r} is a {type(found).__name__}; "
                f"the tool takes {' or '.join(self.type.connections)}"
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The class of a tool that is a method, and what its `__init__` gets."""

    type: type
    literals: Mapping[str, object]
    connections: frozenset[str]


@dataclass(slots=True, kw_only=True)
class PythonTool:
    """`function` is what the decorator was put on; `provider` is set where it is a method.

    `literals` are converted already; connections are bound at the first line, when they are open.
    `order` has the inputs as the file has them, for tools that take any.
    """

    name: str
    identity: str
    function: Callable[..., object]
    provider: Provider | None
    literals: Mapping[str, object]
    connections: Mapping[str, ConnectionInput]
    optional: frozenset[str]
    order: tuple[str, ...]
    _bound: Callable[..., object] | None = field(default=None, init=False)

    async def answer(self, inputs: dict[str, object], context: LineContext) -> Answer:
        """Return what the tool gives."""
        work = partial(self._run, inputs, context)
        key = key_of(self.identity, inputs)
        return await share(key, self.name, work, context, paid=bool(self.connections))

    async def _run(self, inputs: Mapping[str, object], context: LineContext) -> Answer:
        if self._bound is None:
            self._bound = self._bind(context)
        given = {**self.literals, **inputs}
        in_order = {name: given[name] for name in self.order if name in given}
        return await call_tool(self._bound, in_order, context)

    def _bind(self, context: LineContext) -> Callable[..., object]:
        given = {name: each.resolve(context) for name, each in self.connections.items()}
        if not self.provider:
            return partial(self.function, **given)
        taken = self.provider.connections & given.keys()
        arguments = {name: fresh(value) for name, value in self.provider.literals.items()}
        arguments |= {name: given.pop(name) for name in taken}
        return partial(self.function, self.provider.type(**arguments), **given)
