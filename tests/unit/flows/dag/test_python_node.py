"""A paid answer of a Python tool, in one process and in the one that resumes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from llmops.concurrency import Threads
from llmops.domain.call import Answer
from llmops.flows.dag.python_node import ConnectionInput, Provider, PythonTool
from llmops.flows.dag.signature import ParameterType
from llmops.sharing import SharedAnswers
from llmops.store.encoding import encode
from llmops.yaml import parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from types import ModuleType

    from llmops.domain.call import ModelRequest, ModelResponse


class Service:
    """Stands for promptflow's connection object."""


class Line:
    """One line's context; paid answers are recorded as JSON."""

    def __init__(self, threads: Threads, recorded: Mapping[str, Answer]) -> None:
        self.threads = threads
        self.written: dict[str, Answer] = {}
        self.shared = SharedAnswers(recorded, self._record)

    def _record(self, key: str, node: str, answer: Answer) -> None:
        del node
        self.written[key] = Answer(output=parse(encode(answer.output), "record"))

    async def once(
        self, key: str, node: str, work: Callable[[], Awaitable[Answer]], *, paid: bool
    ) -> Answer:
        return (await self.shared.get(key, node, work, paid=paid))[0]

    async def call_model(self, connection: str, request: ModelRequest) -> ModelResponse:
        raise NotImplementedError(connection, request)

    async def in_thread(self, function: Callable[[], object]) -> object:
        return await self.threads.run(function)

    def connection_object(self, connection: str) -> object:
        return Service() if connection == "service" else connection


@pytest.fixture
def threads() -> Iterator[Threads]:
    pool = Threads(2)
    yield pool
    pool.close()


def paid_tool(
    function: Callable[..., object], connection: str = "service", provider: Provider | None = None
) -> PythonTool:
    taken = ConnectionInput(
        connection=connection,
        type=ParameterType(name="connection", connections=("Service",)),
        module=cast("ModuleType", None),
    )
    return PythonTool(
        name="ask",
        identity="ask",
        function=function,
        provider=provider,
        literals={"more": ["x"]},
        connections={"service": taken},
        optional=frozenset(),
        order=("text", "service", "more"),
    )


@pytest.mark.parametrize(
    ("output", "calls"), [({"a": [1, None]}, 1), ((1, 2), 2), ({1: "a"}, 2), (Service(), 2)]
)
def test_a_resumed_run_has_the_same_value_and_asks_again_only_for_what_json_cannot_hold(
    output: object, calls: int, threads: Threads
) -> None:
    asked: list[str] = []

    def ask(service: Service, text: str, more: list[str]) -> object:
        asked.append(f"{type(service).__name__} {text} {more}")
        more.append("seen")
        return output

    async def run(recorded: Mapping[str, Answer]) -> tuple[object, Mapping[str, Answer]]:
        line = Line(threads, recorded)
        answers = [await paid_tool(ask).answer({"text": "a"}, line) for _ in range(2)]
        assert answers[0].output is answers[1].output
        return answers[0].output, line.written

    first, written = asyncio.run(run({}))
    assert len(asked) == 1
    resumed, _ = asyncio.run(run(written))
    assert (first, resumed) == (output, output)
    assert asked == ["Service a ['x']"] * calls


def test_a_tool_class_is_made_once_with_its_connection(threads: Threads) -> None:
    made: list[object] = []

    class Judge:
        def __init__(self, service: Service, more: list[str]) -> None:
            made.append((type(service), more))

        async def run(self, text: str) -> str:
            return text.upper()

    provider = Provider(type=Judge, literals={"more": ["x"]}, connections=frozenset({"service"}))
    tool = paid_tool(Judge.run, provider=provider)
    tool.literals = {}

    async def run() -> list[object]:
        line = Line(threads, {})
        return [(await tool.answer({"text": text}, line)).output for text in "ab"]

    assert asyncio.run(run()) == ["A", "B"]
    assert made == [(Service, ["x"])]


def test_a_connection_of_another_kind_is_refused(threads: Threads) -> None:
    tool = paid_tool(print, connection="words")
    with pytest.raises(TypeError, match="'words' is a str; the tool takes Service"):
        asyncio.run(_answer(tool, Line(threads, {})))


async def _answer(tool: PythonTool, line: Line) -> Answer:
    return await tool.answer({"text": "a"}, line)
