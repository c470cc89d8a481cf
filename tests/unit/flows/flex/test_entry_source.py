from __future__ import annotations

import pytest

from llmops.flows.flex.entry_source import Argument, read_entry

CLASS = """
import core

class Row:
    label: str
    score: float = 0.0

class Judge:
    def __init__(self, model_config: core.OpenAIModelConfiguration, strict: bool = True): ...
    def __call__(self, text: "str", words: list[str], *, limit=3) -> Row: ...
    def __aggregate__(self, lines): ...
"""


def test_a_class_says_its_arguments_its_calls_and_its_outputs() -> None:
    entry = read_entry(CLASS, "Judge")
    assert entry.init == (
        Argument(name="model_config", annotation="OpenAIModelConfiguration", has_default=False),
        Argument(name="strict", annotation="bool", has_default=True),
    )
    assert [(each.name, each.type, each.has_default) for each in entry.arguments] == [
        ("text", "string", False),
        ("words", "list", False),
        ("limit", "object", True),
    ]
    assert entry.outputs == ("label", "score")
    assert entry.aggregates


@pytest.mark.parametrize(
    ("returns", "outputs"), [("str", ("output",)), ("dict", ()), ("Lost", ()), ("None", ())]
)
def test_outputs_are_known_only_where_the_code_says_them(
    returns: str, outputs: tuple[str, ...]
) -> None:
    assert read_entry(f"def f(a) -> {returns}: ...", "f").outputs == outputs


def test_the_only_entry_needs_no_name_and_private_functions_are_none() -> None:
    assert (
        read_entry("def _hidden(): ...\nclass Plain: ...\nasync def run(a): ...", "").name == "run"
    )


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("def a(): ...\ndef b(): ...", "", "no one entry; it has a, b"),
        ("def a(): ...", "b", "named 'b'; it has a"),
        ("X = 1", "", "it has none"),
    ],
)
def test_an_entry_that_is_not_there(text: str, name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_entry(text, name)
