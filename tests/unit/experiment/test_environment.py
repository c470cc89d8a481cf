from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.experiment.environment import Undefined, expand

if TYPE_CHECKING:
    from llmops.experiment.layers import Raw


def test_variables_are_replaced_wherever_text_stands() -> None:
    raw: Raw = {"a": ["${HOST}/v1", 3], "b": {"c": "${env:KEY}"}}
    assert expand(raw, {"HOST": "http://h", "KEY": "k"}) == (
        {"a": ["http://h/v1", 3], "b": {"c": "k"}},
        (),
    )


def test_references_of_mappings_are_no_variables() -> None:
    raw: Raw = {"mappings": {"a": "${data.url}", "b": "${run.outputs.x}", "c": "${run.inputs.y}"}}
    assert expand(raw, {"data": "wrong"}) == (raw, ())


def test_what_has_no_value_stays_and_is_named_with_its_place() -> None:
    raw: Raw = {"connections": [{"name": "aoai", "api_key": "${KEY}"}, {"api_key": "${env:OTHER}"}]}
    assert expand(raw, {}) == (
        raw,
        (
            Undefined(("connections", "aoai", "api_key"), "KEY"),
            Undefined(("connections", 1, "api_key"), "OTHER"),
        ),
    )


def test_a_value_is_not_expanded_again() -> None:
    assert expand({"a": "${A}"}, {"A": "${B}", "B": "b"}) == ({"a": "${B}"}, ())
