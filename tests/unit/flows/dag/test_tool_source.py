from __future__ import annotations

import pytest

from llmops.flows.dag.tool_source import read_tool_source

FUNCTION = """
from promptflow.connections import CustomConnection, OpenAIConnection
from typing import Optional, Union
class Mine(CustomStrongTypeConnection): ...
def other(z): ...
@{decorator}
{kind} grade(text, a: CustomConnection, b: Union[OpenAIConnection, None], c: Mine, *, n=1): ...
"""


@pytest.mark.parametrize(
    "decorator", ["tool", "tool()", "pf.tool", "promptflow.core.tool(name='x')"]
)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_every_form_of_the_decorator_is_seen(decorator: str, kind: str) -> None:
    source = read_tool_source(FUNCTION.format(decorator=decorator, kind=kind))
    assert source.inputs == {"text", "a", "b", "c", "n"}
    assert source.connections == {"a", "b", "c"}
    assert not source.takes_any


def test_another_name_for_the_decorator_is_followed() -> None:
    text = "from promptflow import tool as marked\n@marked\ndef f(x, **more): ...\n"
    source = read_tool_source(text)
    assert (source.inputs, source.takes_any) == ({"x"}, True)


def test_a_tool_class_takes_its_own_arguments_too() -> None:
    text = """
class Judge(ToolProvider):
    def __init__(self, conn: CustomConnection): ...
    @tool
    def run(self, text): ...
"""
    source = read_tool_source(text)
    assert (source.inputs, source.connections) == ({"conn", "text"}, {"conn"})


def test_annotations_kept_as_text_inject_nothing() -> None:
    text = "from __future__ import annotations\n@tool\ndef f(c: CustomConnection): ...\n"
    assert read_tool_source(text).connections == frozenset()
