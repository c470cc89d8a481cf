from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from llmops.flows.dag.node_values import (
    Drained,
    Unrecordable,
    fresh,
    is_json,
    is_mark,
)
from llmops.flows.dag.prompt_result import PromptResult
from llmops.flows.dag.sharing_key import key_of
from llmops.store.encoding import encode
from llmops.yaml import parse

DISTINCT = [
    "1",
    1,
    1.0,
    True,
    None,
    [1],
    (1,),
    {"1": 1},
    {1: 1},
    {"a": 1, "b": 2},
    {"b": 2, "a": 1},
    b"1",
    PromptResult("1"),
    PromptResult("1", "2", {"2": "user"}),
    Drained((1,)),
]


def test_values_a_tool_can_tell_apart_have_keys_of_their_own() -> None:
    keys = {key_of("node", {"x": value}) for value in DISTINCT}
    assert len(keys) == len(DISTINCT)


def test_equal_values_of_one_node_share_and_others_do_not() -> None:
    assert key_of("node", {"x": [{"a": 1.5}]}) == key_of("node", {"x": [{"a": 1.5}]})
    assert key_of("node", {"x": "a"}) != key_of("other", {"x": "a"})


def test_an_object_without_form_is_never_shared() -> None:
    thing = object()
    assert key_of("node", {"x": thing}) != key_of("node", {"x": thing})


def test_text_that_is_no_unicode_has_a_key() -> None:
    assert key_of("node", {"x": "\ud800"})


@pytest.mark.parametrize("value", [{1: 2}, (1,), float("nan"), {"a": {1}}, PromptResult("x")])
def test_what_json_changes_is_marked_on_disk_and_kept_in_memory(value: object) -> None:
    assert not is_json(value)
    kept = Unrecordable(value)
    assert kept.value is value
    assert is_mark(parse(encode(kept), "record"))


def test_a_copy_is_as_deep_as_the_value() -> None:
    inner = {1, 2}
    copy = cast("dict[str, list[dict[str, set[int]]]]", fresh({"a": [{"b": inner}]}))
    assert copy == {"a": [{"b": inner}]}
    copy["a"][0]["b"].add(3)
    assert inner == {1, 2}


def test_a_stream_is_read_from_the_start_by_everyone() -> None:
    stream = Drained(("a", 1))
    first, again = stream.replay(), stream.replay()
    assert isinstance(first, Iterator)
    assert isinstance(again, Iterator)
    assert [list(first), list(again)] == [["a", 1], ["a", 1]]
    assert stream.text == "a1"
