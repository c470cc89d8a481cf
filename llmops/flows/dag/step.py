"""A DAG flow with one configuration baked in: answers lines, and aggregates them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, SupportsFloat, cast

from llmops.domain.call import LineFailure
from llmops.domain.flow import LineOutput
from llmops.flows.dag.environment import set_from_connections
from llmops.flows.dag.metric_log import collect_metrics
from llmops.flows.dag.node_values import Drained
from llmops.flows.dag.resolve import BrokenReference
from llmops.flows.dag.scheduler import Execution, Graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.flow import LineContext
    from llmops.flows.dag.flow_inputs import FlowInputs
    from llmops.flows.dag.resolve import Resolver

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})


@dataclass(slots=True, kw_only=True)
class DagStep:
    """`passed_on` are the references of aggregation nodes to what each line has.

    `pending` are environment variables that wait for open connections.
    """

    inputs: FlowInputs
    graph: Graph
    outputs: Mapping[str, Resolver]
    aggregation: Graph
    passed_on: Mapping[str, Resolver]
    pending: dict[str, str] = field(default_factory=dict[str, str])

    async def run_line(self, inputs: Mapping[str, object], context: LineContext) -> LineOutput:
        """Answer one line; see `Step.run_line`."""
        if self.pending:
            set_from_connections(self.pending, context)
            self.pending = {}
        given = await self.inputs.of_line(inputs, context)
        execution = Execution(graph=self.graph, inputs=given, context=context)
        await execution.run()
        outputs = _resolved(self.outputs, execution)
        for name, value in outputs.items():
            _check_json(name, value)
        return LineOutput(
            outputs=outputs,
            seconds=execution.seconds,
            aggregation_inputs=_resolved(self.passed_on, execution),
        )

    async def aggregate(
        self,
        inputs: Mapping[str, Sequence[object]],
        aggregation_inputs: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> Mapping[str, float]:
        """Run the aggregation nodes; see `Step.aggregate`."""
        if not self.aggregation.nodes:
            return {}
        given = await self.inputs.of_columns(inputs, aggregation_inputs, context)
        with collect_metrics() as metrics:
            await Execution(graph=self.aggregation, inputs=given, context=context).run()
        return {name: _number(name, value) for name, value in metrics.items()}


def _resolved(resolvers: Mapping[str, Resolver], execution: Execution) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, resolve in resolvers.items():
        try:
            value = resolve(execution.inputs, execution.outputs)
        except BrokenReference as error:
            raise LineFailure("", "BrokenReference", f"{name}: {error}") from None
        found[name] = value.text if isinstance(value, Drained) else value
    return found


def _check_json(name: str, value: object) -> None:
    if type(value) in _SCALARS:
        return
    try:
        json.dumps(value, default=_image)
    except (TypeError, ValueError, RecursionError) as error:
        message = f"the output {name!r} is no JSON: {error}"
        raise LineFailure("", "FlowOutputUnserializable", message) from None


def _image(value: object) -> str:
    if isinstance(value, bytes) and hasattr(value, "to_base64"):
        return ""
    raise TypeError(f"{type(value).__name__} is no JSON")


def _number(name: str, value: object) -> float:
    try:
        return value if isinstance(value, int | float) else float(cast("SupportsFloat", value))
    except (TypeError, ValueError):
        message = f"log_metric({name!r}, {value!r}): a metric is a number"
        raise LineFailure("", "TypeError", message) from None
