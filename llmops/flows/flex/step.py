"""A function or an object that answers lines."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from llmops.domain.call import CallFailure, LineFailure
from llmops.domain.flow import REQUIRED, LineOutput
from llmops.errors import ConfigError, Fault
from llmops.flows.dag.calling import call_tool, share
from llmops.flows.dag.environment import set_from_connections
from llmops.flows.dag.modules import FlowModules
from llmops.flows.dag.node_values import Drained
from llmops.flows.dag.sharing_key import identity, key_of
from llmops.flows.dag.value_types import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llmops.domain.call import Answer
    from llmops.domain.flow import FlowInput, LineContext
    from llmops.flows.dag.folder import FlowFolder
    from llmops.flows.flex.definition import FlexDefinition
    from llmops.flows.flex.entry_source import Argument, EntrySource

RETURNED = "returned"
"""The key under which a line's whole answer waits for `__aggregate__`."""


class _ModelConfiguration(Protocol):
    """promptflow's model configurations; each names its model differently."""

    @classmethod
    def from_connection(cls, connection: object, **model: object) -> object: ...


def flex_step(
    definition: FlexDefinition,
    source: EntrySource,
    folder: FlowFolder,
    inputs: tuple[FlowInput, ...],
    arguments: Mapping[str, object],
    pending: dict[str, str],
) -> FlexStep:
    """Load the code and return the step.

    Raises:
        ConfigError: when the file cannot be loaded.
    """
    try:
        module = FlowModules(folder.merged, folder.digest).tool(definition.source)
    except Exception as error:
        seen = f"{definition.source} cannot be loaded: {type(error).__name__}: {error}"
        raise ConfigError([Fault(where=f"{definition.label}: entry", seen=seen)]) from error
    entry = cast("Callable[..., object]", getattr(module, source.name))
    return FlexStep(
        name=source.name,
        entry=entry,
        identity=identity(source.name, "flex", folder.digest, repr(sorted(arguments.items()))),
        inputs=inputs,
        optional=frozenset(each.name for each in source.arguments if each.has_default),
        init={each.name: each for each in source.init},
        arguments=arguments,
        pending=pending,
    )


@dataclass(slots=True, kw_only=True)
class FlexStep:
    """Implements `Step`; a class is instantiated at the first line, when connections are open."""

    name: str
    entry: Callable[..., object]
    identity: str
    inputs: Sequence[FlowInput]
    optional: frozenset[str]
    init: Mapping[str, Argument]
    arguments: Mapping[str, object]
    pending: dict[str, str]
    _instance: object = field(default=None, init=False)

    async def run_line(self, inputs: Mapping[str, object], context: LineContext) -> LineOutput:
        """Answer one line; see `Step.run_line`."""
        given = self._given(inputs)
        try:
            function = self._function(context)
            key = key_of(self.identity, given)
            work = partial(call_tool, function, given, context)
            answer = await share(key, self.name, work, context, paid=bool(self._connections))
            outputs = _outputs(answer)
        except CallFailure as failure:
            raise LineFailure(self.name, failure.kind, str(failure)) from failure
        except Exception as error:
            raise LineFailure(self.name, type(error).__name__, str(error)) from error
        returned = {RETURNED: answer.output} if hasattr(self.entry, "__aggregate__") else {}
        return LineOutput(outputs=outputs, seconds=answer.seconds, aggregation_inputs=returned)

    async def aggregate(
        self,
        inputs: Mapping[str, Sequence[object]],
        aggregation_inputs: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> Mapping[str, float]:
        """Call `__aggregate__` with every line's answer; see `Step.aggregate`."""
        del inputs
        self._function(context)
        method = getattr(self._instance, "__aggregate__", None)
        if method is None:
            return {}
        name = next(iter(inspect.signature(method).parameters))
        lines = {name: list(aggregation_inputs.get(RETURNED, ()))}
        try:
            answer = await call_tool(method, lines, context)
            return _metrics(answer.output)
        except Exception as error:
            raise LineFailure(self.name, type(error).__name__, str(error)) from error

    @property
    def _connections(self) -> Mapping[str, Argument]:
        kinds = ("Connection", "ModelConfiguration")
        return {name: each for name, each in self.init.items() if each.annotation.endswith(kinds)}

    def _given(self, data: Mapping[str, object]) -> dict[str, object]:
        """Return the inputs that have a value; the code's own defaults are left to the code."""
        given: dict[str, object] = {}
        for each in self.inputs:
            value = data.get(each.name, each.default)
            if each.name not in data and (each.name in self.optional and each.default is None):
                continue
            if value is REQUIRED:
                raise LineFailure("", "InputNotFound", f"the input {each.name!r} has no value")
            try:
                given[each.name] = convert(value, each.type)
            except Exception as error:
                message = f"the input {each.name!r} is no {each.type}: {error}"
                raise LineFailure("", "InputTypeError", message) from error
        return given

    def _function(self, context: LineContext) -> Callable[..., object]:
        if self.pending:
            set_from_connections(self.pending, context)
            self.pending = {}
        if not inspect.isclass(self.entry):
            return self.entry
        if self._instance is None:
            self._instance = self.entry(**self._resolved(context))
        return cast("Callable[..., object]", getattr(self._instance, "__call__"))  # noqa: B004, B009  the bound method tells whether it is async

    def _resolved(self, context: LineContext) -> dict[str, object]:
        """Return the arguments with connections and model configurations as objects."""
        taken = self._connections
        return {
            name: self._object(taken[name], value, context) if name in taken else value
            for name, value in self.arguments.items()
        }

    def _object(self, argument: Argument, value: object, context: LineContext) -> object:
        if argument.annotation.endswith("Connection"):
            return context.connection_object(str(value))
        if not isinstance(value, dict):
            return value
        stated = cast("dict[str, object]", value)
        kind = cast(
            "type[_ModelConfiguration]",
            inspect.get_annotations(_init_of(self.entry), eval_str=True)[argument.name],
        )
        if "connection" not in stated:
            return kind(**stated)
        model = {key: each for key, each in stated.items() if key != "connection"}
        connection = context.connection_object(str(stated["connection"]))
        return kind.from_connection(connection, **model)


def _init_of(entry: object) -> Callable[..., None]:
    return cast("Callable[..., None]", getattr(entry, "__init__"))  # noqa: B009  of a class that is not known here


def _metrics(value: object) -> Mapping[str, float]:
    if not isinstance(value, dict):
        raise TypeError(f"__aggregate__ returns a dict of numbers, not {value!r}")
    pairs = cast("dict[object, float | str]", value).items()
    return {str(name): float(each) for name, each in pairs}


def _outputs(answer: Answer) -> Mapping[str, object]:
    """Return a dict's or a data class's fields; anything else is `output`."""
    value = answer.output
    if isinstance(value, Drained):
        return {"output": value.text}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): item for key, item in cast("dict[object, object]", value).items()}
    return {"output": value}
