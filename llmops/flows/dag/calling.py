"""Calls a tool's function: in the loop or in a thread, with inputs of its own, streams drained."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from llmops.domain.call import Answer
from llmops.flows.dag.node_values import Drained, Unrecordable, drain, fresh, is_json, is_mark

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from llmops.domain.flow import LineContext


async def call_tool(
    function: Callable[..., object], inputs: Mapping[str, object], context: LineContext
) -> Answer:
    """Return what the function gives for copies of the inputs."""
    call = partial(function, **{name: _handed(value) for name, value in inputs.items()})
    if inspect.iscoroutinefunction(function):
        start = time.perf_counter()
        output = await cast("Awaitable[object]", call())
        seconds = time.perf_counter() - start
    else:
        found = await context.in_thread(partial(_timed, call))
        output, seconds = cast("tuple[object, float]", found)
    if isinstance(output, AsyncIterator):
        output = await drain(cast("AsyncIterator[object]", output))
    return Answer(output=output, seconds=seconds)


async def share(
    key: str,
    node: str,
    work: Callable[[], Awaitable[Answer]],
    context: LineContext,
    *,
    paid: bool,
) -> Answer:
    """Return the shared answer; what JSON cannot hold is asked again when a run is resumed."""
    if not paid:
        return await context.once(key, node, work, paid=False)
    recordable = partial(_recordable, work)
    answer = await context.once(key, node, recordable, paid=True)
    if is_mark(answer.output):
        answer = await context.once(f"{key}:again", node, recordable, paid=True)
    if isinstance(answer.output, Unrecordable):
        return replace(answer, output=answer.output.value)
    return answer


async def _recordable(work: Callable[[], Awaitable[Answer]]) -> Answer:
    answer = await work()
    return answer if is_json(answer.output) else replace(answer, output=Unrecordable(answer.output))


def _handed(value: object) -> object:
    return value.replay() if isinstance(value, Drained) else fresh(value)


def _timed(call: Callable[[], object]) -> tuple[object, float]:
    start = time.perf_counter()
    output = call()
    if isinstance(output, Iterator):
        output = Drained(tuple(cast("Iterator[object]", output)))
    return output, time.perf_counter() - start
