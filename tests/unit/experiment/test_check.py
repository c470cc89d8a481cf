from __future__ import annotations

import pytest

from llmops.domain.flow import FlowInput, FlowInterface
from llmops.experiment.check import (
    check_connections,
    check_mappings,
    check_unique,
)

FLOW = FlowInterface(
    inputs=(
        FlowInput(name="text"),
        FlowInput(name="history", default=None),
        FlowInput(name="language", default="en"),
    ),
    outputs=("label",),
)
RUN = {"data": ("text", "label")}
JUDGED = {**RUN, "run.outputs": ("category",), "run.inputs": ("url",)}


def mapping_faults(
    mappings: dict[str, object], sources: dict[str, tuple[str, ...]] = RUN
) -> list[str]:
    return [str(fault) for fault in check_mappings(mappings, FLOW, sources, "m")]


class TestMappings:
    def test_columns_of_the_same_name_are_enough(self) -> None:
        assert mapping_faults({}) == []

    def test_literals_are_fine(self) -> None:
        assert mapping_faults({"text": "see ${data.nothing}", "language": 3}) == []

    def test_an_input_that_nothing_fills(self) -> None:
        assert mapping_faults({}, {"data": ("texts",)}) == [
            (
                "m: nothing fills the input 'text'; allowed: a mapping, a column of that name, "
                "a default in the flow; did you mean 'texts'?"
            )
        ]

    @pytest.mark.parametrize(
        ("mappings", "fault"),
        [
            (
                {"languge": "de"},
                (
                    "m.languge: no input 'languge'; allowed: text, history, language; "
                    "did you mean 'language'?"
                ),
            ),
            (
                {"text": "${data.txt}"},
                "m.text: no column 'txt'; allowed: text, label; did you mean 'text'?",
            ),
            (
                {"text": "${run.outputs.x}"},
                "m.text: ${run.outputs.x} refers to nothing; allowed: ${data.<column>}, a literal",
            ),
            (
                {"text": "${inputs.text}"},
                "m.text: ${inputs.text} refers to nothing; allowed: ${data.<column>}, a literal",
            ),
        ],
    )
    def test_of_a_run(self, mappings: dict[str, object], fault: str) -> None:
        assert mapping_faults(mappings) == [fault]

    @pytest.mark.parametrize(
        ("value", "fault"),
        [
            (
                "${run.outputs.categroy}",
                "m.text: no output 'categroy'; allowed: category; did you mean 'category'?",
            ),
            ("${run.inputs.uri}", "m.text: no input 'uri'; allowed: url; did you mean 'url'?"),
            (
                "${run.category}",
                (
                    "m.text: ${run.category} refers to nothing; allowed: ${data.<column>}, "
                    "${run.outputs.<name>}, ${run.inputs.<name>}, a literal"
                ),
            ),
        ],
    )
    def test_of_an_evaluator(self, value: str, fault: str) -> None:
        assert mapping_faults({"text": value}, JUDGED) == [fault]

    def test_outputs_that_no_file_names_are_not_questioned(self) -> None:
        sources = {**JUDGED, "run.outputs": ()}
        assert mapping_faults({"text": "${run.outputs.anything}"}, sources) == []


def test_names_are_unique() -> None:
    faults = [str(fault) for fault in check_unique(["a", "b", "a"], "datasets")]
    assert faults == ["datasets: the name 'a' is there 2 times"]


def test_a_missing_connection_names_the_flow_that_uses_it() -> None:
    used_by = {"classify": {"aoai"}, "judge": {"aoia", "serp"}}
    faults = check_connections(used_by, ["aoai", "other"], "connections")
    assert [str(fault) for fault in faults] == [
        (
            "connections: no connection 'aoia', which the flow 'judge' uses; "
            "allowed: aoai, other; did you mean 'aoai'?"
        ),
        "connections: no connection 'serp', which the flow 'judge' uses; allowed: aoai, other",
    ]
