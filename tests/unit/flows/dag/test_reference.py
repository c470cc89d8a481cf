from __future__ import annotations

import pytest

from llmops.flows.dag.reference import (
    InputReference,
    Literal,
    NodeReference,
    follow,
    parse_path,
    parse_value,
)
from llmops.flows.dag.resolve import BrokenReference, resolver


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("${inputs.question}", InputReference("question")),
        ("${flow.question}", InputReference("question")),
        ("${grade}", NodeReference("grade")),
        ("${grade.output.a.b}", NodeReference("grade", "output", "a.b")),
        ("${grade.other}", NodeReference("grade", "other")),
        ("text ${grade.output}", Literal("text ${grade.output}")),
        ("$5", Literal("$5")),
        (5, Literal(5)),
    ],
)
def test_only_a_whole_text_is_a_reference(written: object, meant: object) -> None:
    assert parse_value(written) == meant


def test_a_path_goes_through_keys_indexes_and_attributes() -> None:
    value = {"a": {"b c": [{"d": 1 + 2j}]}}
    assert follow(value, parse_path("a['b c'][0].d.imag")) == 2.0


@pytest.mark.parametrize("path", ["missing", "a[1]", "a.missing", "none.x"])
def test_a_path_into_nothing_says_which_reference_broke(path: str) -> None:
    resolve = resolver(NodeReference("node", path=path))
    with pytest.raises(BrokenReference, match=r"\$\{node\.output\."):
        resolve({}, {"node": {"a": [1], "none": None}})
