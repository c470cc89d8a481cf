from __future__ import annotations

from pathlib import Path

import pytest

from llmops.domain.flow import FlowInput
from llmops.experiment.mappings import Reference, compile_mappings, reference


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${data.url}", Reference("data", "url")),
        ("${data.a.b}", Reference("data", "a.b")),
        ("${run.outputs.category}", Reference("run.outputs", "category")),
        ("${run.inputs.url}", Reference("run.inputs", "url")),
        ("${inputs.url}", Reference("unknown", "inputs.url")),
        ("${run.category}", Reference("unknown", "run.category")),
        ("schema.json", None),
        ("see ${data.url}", None),
        (3, None),
    ],
)
def test_only_a_whole_value_is_a_reference(value: object, expected: Reference | None) -> None:
    assert reference(value) == expected


def test_each_source_fills_its_inputs_and_literals_stay() -> None:
    mappings = {
        "truth": "${data.answer}",
        "prediction": "${run.outputs.category}",
        "url": "${run.inputs.url}",
        "schema": "schema.json",
        "threshold": 0.5,
    }
    assert compile_mappings(mappings, (), ())(
        {"answer": "App"}, {"category": "Web"}, {"url": "u"}
    ) == {
        "truth": "App",
        "prediction": "Web",
        "url": "u",
        "schema": "schema.json",
        "threshold": 0.5,
    }


def test_what_a_row_lacks_is_left_to_the_flow() -> None:
    assert compile_mappings({"text": "${data.text}", "tone": "calm"}, (), ())({}) == {
        "tone": "calm"
    }


def test_images_are_found_beside_the_dataset() -> None:
    mappings = {"image": "${data.image}", "chat": "${data.chat}", "verdict": "${run.outputs.v}"}
    resolve = compile_mappings(mappings, (), (), Path("/data"))
    image = {"data:image/png;path": "a.png"}
    vision = {"type": "image_file", "image_file": {"path": "b.png"}}
    inline = {"data:image/png;base64": "aGk="}
    row = {"image": image, "chat": [{"q": [vision, "text", inline]}]}
    assert resolve(row, {"v": image}) == {
        "image": {"data:image/png;path": "/data/a.png"},
        "chat": [
            {"q": [{"type": "image_file", "image_file": {"path": "/data/b.png"}}, "text", inline]}
        ],
        "verdict": image,
    }
    assert row["image"] == {"data:image/png;path": "a.png"}


class TestSameNamedColumns:
    columns = ("text", "history", "language", "other")

    def test_fill_inputs_without_mapping_and_default(self) -> None:
        inputs = [FlowInput(name="text"), FlowInput(name="history", default=None)]
        resolve = compile_mappings({}, inputs, self.columns)
        assert resolve({"text": "a", "history": [], "other": 1}) == {"text": "a", "history": []}

    def test_a_default_goes_before_them(self) -> None:
        resolve = compile_mappings({}, [FlowInput(name="language", default="en")], self.columns)
        assert resolve({"language": "de"}) == {}

    def test_a_mapping_goes_before_both(self) -> None:
        inputs = [FlowInput(name="text"), FlowInput(name="language", default="en")]
        mappings = {"text": "${data.other}", "language": "${data.language}"}
        resolve = compile_mappings(mappings, inputs, self.columns)
        assert resolve({"text": 1, "other": 2, "language": "de"}) == {"text": 2, "language": "de"}
