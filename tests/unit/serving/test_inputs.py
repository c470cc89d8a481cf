from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmops.domain.flow import FlowInput
from llmops.flows.dag.value_types import CONVERTERS, convert
from llmops.serving.input_types import input_type
from llmops.serving.inputs import read_inputs
from llmops.serving.json_body import read_object
from llmops.serving.refusal import Refused

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)

VALUES: Final[list[tuple[str, list[Any], list[Any]]]] = [
    ("string", ["", "a"], [1, None, [], {}]),
    ("int", [0, -3, 2.0], [2.5, True, "2", None]),
    ("double", [0, 2.5, -1], [True, "2", 10**400]),
    ("bool", [True, False], [0, "true", None]),
    ("list", [[], [1]], ["[]", {}]),
    ("object", [{}, [], "a", 1], []),
    ("image", [{"data:image/png;base64": "aa=="}], ["a.png", {}, {"data:image/png;base64": "aa"}]),
    ("file_path", ["a"], [1]),
]


def refusal(body: bytes, *declared: FlowInput) -> str:
    with pytest.raises(Refused) as caught:
        read_inputs(body, declared)
    assert caught.value.status == 400
    return caught.value.message


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        read_object(body)


@given(JSON, st.sampled_from(sorted(set(CONVERTERS) - {"image"})))
def test_what_is_accepted_can_be_converted_by_the_flow(value: object, kind: str) -> None:
    body = json.dumps({"a": value}).encode()
    try:
        found = read_inputs(body, [FlowInput(name="a", type=kind)])
    except Refused:
        return
    convert(found["a"], kind)


@pytest.mark.parametrize(("kind", "good", "bad"), VALUES)
def test_each_type_takes_its_values(kind: str, good: list[Any], bad: list[Any]) -> None:
    accepts = input_type(kind).accepts
    assert [value for value in good if not accepts(value)] == []
    assert [value for value in bad if accepts(value)] == []


@pytest.mark.parametrize(
    "image",
    [
        {"data:image/png;path": "/etc/passwd"},
        {"data:image/png;url": "http://127.0.0.1/secret"},
        {"type": "image_url", "image_url": {"url": "http://127.0.0.1/secret"}},
        {"type": "image_file", "image_file": {"path": "/etc/passwd"}},
    ],
)
def test_no_image_is_fetched_for_a_client(image: object) -> None:
    for value in (image, [image], {"a": [image]}, json.dumps(image)):
        body = json.dumps({"chat": value}).encode()
        for kind in ("object", "list"):
            said = refusal(body, FlowInput(name="chat", type=kind))
            assert "body.chat" in said
    inline = {"chat": {"type": "image_url", "image_url": {"url": "data:image/png;base64,aaaa"}}}
    assert read_inputs(json.dumps(inline).encode(), [FlowInput(name="chat", type="object")])


@pytest.mark.timeout(10)
def test_an_image_that_is_no_base64_is_refused_before_promptflow_looks_at_it() -> None:
    """Its own pattern takes the square of the length to refuse one."""
    bad = "A" * 2_000_000 + "!"
    for image in (
        {"data:image/png;base64": bad},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{bad}"}},
    ):
        for kind in ("object", "image"):
            body = json.dumps({"chat": image}).encode()
            assert "body.chat" in refusal(body, FlowInput(name="chat", type=kind))


def test_text_that_the_flow_reads_as_json_is_no_way_around_the_limits() -> None:
    for levels in (65, 100_000):
        body = json.dumps({"a": "[" * levels + "]" * levels}).encode()
        assert "nested too deeply" in refusal(body, FlowInput(name="a", type="object"))
        assert read_inputs(body, [FlowInput(name="a")]), "there it is text"


def test_all_faults_are_told_at_once() -> None:
    said = refusal(
        b'{"qestion": "a", "times": "2"}',
        FlowInput(name="question"),
        FlowInput(name="times", type="int"),
    )
    first, *others = said.splitlines()
    assert first.startswith("body.qestion: the flow has no such input; allowed: question, times")
    assert others == [
        "body.question: missing; allowed: text",
        "body.times: text; allowed: a whole number",
    ]


def test_null_is_left_to_a_default_of_null_only() -> None:
    optional = FlowInput(name="a", type="int", default=None)
    assert read_inputs(b'{"a": null}', [optional]) == {}
    assert "null" in refusal(b'{"a": null}', FlowInput(name="a", type="int", default=1))


def test_a_flow_without_inputs_needs_no_body() -> None:
    assert read_inputs(b"", []) == {}
    assert read_inputs(b"{}", []) == {}
    assert "it takes none" in refusal(b'{"a": 1}')
