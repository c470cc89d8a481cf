"""Runs every case on our own engine and writes what it did, in the oracle's form.

    python tests/differential/engine.py OUT.json [CASE ...]

All flows live in one process at once, and the configurations of a case answer a line together and
share what they can, as they do in a run.
"""

from __future__ import annotations

import asyncio
import copy
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from case_connections import connection_objects
from differential_case import columns_of, every_case
from plain_values import plain
from recording_provider import RecordingProvider, RefusedError, served

from llmops.concurrency import Threads, together
from llmops.domain.call import CallFailure, LineFailure, ModelResponse, Usage
from llmops.errors import ConfigError
from llmops.flows import load_flow
from llmops.sharing import SharedAnswers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from differential_case import Case

    from llmops.domain.call import Answer, ModelRequest
    from llmops.domain.flow import LineOutput, Step

Raw = dict[str, object]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all cases use."""

    objects: Mapping[str, object]
    provider: RecordingProvider
    threads: Threads


@dataclass(slots=True, kw_only=True)
class RecordingContext:
    """One configuration's view of one line; it keeps what each node gave."""

    world: World
    shared: SharedAnswers
    nodes: Raw = field(default_factory=Raw)

    async def once(
        self, key: str, node: str, work: Callable[[], Awaitable[Answer]], *, paid: bool
    ) -> Answer:
        answer, _ = await self.shared.get(key, node, work, paid=paid)
        self.nodes[node] = {"status": "Completed", "output": plain(answer.output)}
        return answer

    async def call_model(self, connection: str, request: ModelRequest) -> ModelResponse:
        if connection not in self.world.objects:
            raise CallFailure("refused", f"no connection {connection}")
        await asyncio.sleep(0)
        body = request.body
        if request.deployment and connection == "azure":
            body = {**body, "model": request.deployment}
        try:
            body = self.world.provider.answer(request.api, body)
        except RefusedError:
            raise CallFailure("refused", "refused", status=400) from None
        return ModelResponse(body=body, usage=Usage(), seconds=0, model="recorded")

    async def in_thread(self, function: Callable[[], object]) -> object:
        return await self.world.threads.run(function)

    def connection_object(self, connection: str) -> object:
        return self.world.objects[connection]

    async def report(self, work: Awaitable[Result]) -> tuple[Raw, Result | None]:
        """Await the work; return what happened to the nodes, and the result if there is one."""
        try:
            result = await work
        except LineFailure as failure:
            if failure.node:
                self.nodes[failure.node] = {"status": "Failed", "output": None}
            error: Raw = {"error": failure.kind, "failed": failure.node, "said": failure.message}
            return error | {"nodes": self.nodes}, None
        return {"error": "", "failed": "", "nodes": self.nodes}, result


async def results_of(wanted: Sequence[str]) -> Raw:
    provider = RecordingProvider()
    with served(provider) as url:
        world = World(objects=connection_objects(url), provider=provider, threads=Threads(4))
        cases = [case for case in every_case() if not wanted or case.name in wanted]
        configured = [configure(case) for case in cases]
        results: Raw = {}
        for case, (steps, refused) in zip(cases, configured, strict=True):
            alone = {label: await run_alone(case, step, world) for label, step in steps.items()}
            together_ = await run_together(case, steps, world)
            results[case.name] = {"alone": alone | refused, "together": together_}
        world.threads.close()
    return results


def configure(case: Case) -> tuple[dict[str, Step], Raw]:
    """Return the steps that can be made, and why the others cannot."""
    steps: dict[str, Step] = {}
    refused: Raw = {}
    flow = load_flow(case.folder)
    for configuration in case.configurations:
        try:
            flow.interface()
            steps[configuration.label] = flow.configure(configuration)
        except ConfigError as error:
            refused[configuration.label] = {"refused": str(error)}
    return steps, refused


async def run_alone(case: Case, step: Step, world: World) -> Raw:
    lines: list[Raw] = []
    good: list[tuple[Mapping[str, object], LineOutput]] = []
    for line in case.lines:
        context = RecordingContext(world=world, shared=nothing_shared())
        report, output = await context.report(step.run_line(copy.deepcopy(line), context))
        report["asked"] = world.provider.take()
        if output:
            good.append((line, output))
            report["outputs"] = plain(output.outputs)
        lines.append(report)
    report: Raw = {"lines": lines}
    if good:
        report["aggregation"] = await aggregate(step, good, world)
    return report


async def run_together(case: Case, steps: Mapping[str, Step], world: World) -> list[Raw]:
    """Run the lines as a run does: all configurations of a line at once, answers shared."""
    lines: list[Raw] = []
    for line in case.lines:
        shared = nothing_shared()

        async def outputs_of(
            step: Step, line: Mapping[str, object] = line, shared: SharedAnswers = shared
        ) -> object:
            context = RecordingContext(world=world, shared=shared)
            report, output = await context.report(step.run_line(copy.deepcopy(line), context))
            return plain(output.outputs) if output else report["failed"]

        outputs = await together([outputs_of(step) for step in steps.values()])
        asked = world.provider.take()
        lines.append({"outputs": dict(zip(steps, outputs, strict=True)), "asked": asked})
    return lines


async def aggregate(
    step: Step, good: Sequence[tuple[Mapping[str, object], LineOutput]], world: World
) -> Raw:
    columns = columns_of([line for line, _ in good])
    references = good[0][1].aggregation_inputs
    values = {each: [output.aggregation_inputs[each] for _, output in good] for each in references}
    context = RecordingContext(world=world, shared=nothing_shared())
    report, metrics = await context.report(step.aggregate(columns, values, context))
    return report | {"metrics": plain(metrics or {}), "asked": world.provider.take()}


def nothing_shared() -> SharedAnswers:
    def unrecorded(key: str, node: str, answer: Answer) -> None:
        """A run would write it down."""

    return SharedAnswers({}, unrecorded)


if __name__ == "__main__":
    out, *wanted = sys.argv[1:]
    results = asyncio.run(results_of(wanted))
    Path(out).write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
