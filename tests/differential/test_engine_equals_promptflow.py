"""Our engine does with every case what promptflow's executor does with it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, cast

import pytest
from differential_case import Case, every_case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.configuration import Configuration

    Report = Mapping[str, object]
    Reports = Mapping[str, Mapping[str, Report]]

CASES = tuple(every_case())
CONFIGURED = [
    pytest.param(case, configuration, id=f"{case.name}[{configuration.label}]")
    for case in CASES
    for configuration in case.configurations
]
RUNNABLE = [pytest.param(case, id=case.name) for case in CASES if case.refused is None]
SEMANTICS = """
flow inputs
YAML values
flow input defaults
missing flow input
flow input conversion
failing conversion of flow inputs
literal conversion
failing literal conversion
empty literals are left out
literal enum inputs
kwargs inputs
references with properties
references with indices
references that lead nowhere
nodes in any order
literal outputs
nested dict outputs
output that leads nowhere
activate on a flow input
activate on a node's property
activate on a bypassed node
activate compares values
activated although all references are bypassed
bypass because all references are bypassed
bypass chains
bypassed outputs
default parameter of a bypassed input
None for a bypassed input
python nodes
llm nodes
prompt nodes
custom_llm nodes
package tools
async tools
generator tools
ToolProvider classes
values between python nodes
tools in sub-folders
helper modules
same-named tool modules in two flows
files beside the flow
jinja features
lists in templates
chat roles
chat history
names of messages
tool_calls and tool role
function role
role escaping of flow inputs
PromptResult passed to an llm node
images in prompts
images in python nodes
message_format openai-vision
completion api
llm parameters and their conversions
llm parameters by reference
response_format
tools and functions
Azure OpenAI and OpenAI connections of llm nodes
connections by annotation
connections of a custom strong type
aggregation nodes and log_metric
aggregation of flow inputs
aggregation of aggregation
aggregation over bypassed values
bypassed aggregation nodes
failing aggregation nodes
failing lines are left out of aggregation
additional_includes
environment variables
variants
parameters
failing node
flows that cannot be
unicode
named entity recognition
web classification
maths coding
"""


@pytest.mark.parametrize(("case", "configuration"), CONFIGURED)
def test_flow_behaves_as_on_promptflow(
    case: Case, configuration: Configuration, oracle: Reports, engine: Reports
) -> None:
    theirs = oracle[case.name][configuration.label]
    ours = cast("Report", engine[case.name]["alone"][configuration.label])
    if case.refused is not None:
        assert case.refused in cast("str", ours["refused"])
        assert ("refused" in theirs) == (not case.differs)
        return
    failed = [number for number, line in enumerate(lines_of(theirs)) if line["error"]]
    assert failed == sorted(case.fails)
    expected = [observed(case, number, line) for number, line in enumerate(lines_of(theirs))]
    seen = [observed(case, number, line) for number, line in enumerate(lines_of(ours))]
    for number, instead in case.instead.items():
        assert seen[number].items() >= instead.items()
        assert expected[number] != seen[number], "no longer differs"
        expected[number] = seen[number]
    assert seen == expected
    assert metrics_of(ours) == metrics_of(theirs)
    for line, mine in zip(lines_of(theirs), lines_of(ours), strict=True):
        assert not line["raised"] or mine["error"] == line["raised"]


@pytest.mark.parametrize("case", RUNNABLE)
def test_sharing_changes_no_output_and_asks_nothing_twice(case: Case, engine: Reports) -> None:
    alone = {
        label: lines_of(cast("Report", report))
        for label, report in engine[case.name]["alone"].items()
    }
    together = cast("Sequence[Report]", engine[case.name]["together"])
    for number, line in enumerate(together):
        each = {label: lines[number] for label, lines in alone.items()}
        expected = {label: one.get("outputs", one["failed"]) for label, one in each.items()}
        assert line["outputs"] == expected
        needed = Counter[str]()
        for one in each.values():
            needed |= questions_of(one)
        assert questions_of(line) == needed


def test_cases_cover_every_semantic() -> None:
    covered = {semantic for case in CASES for semantic in case.covers}
    assert covered == set(SEMANTICS.strip().splitlines())


def observed(case: Case, number: int, line: Report) -> Mapping[str, object]:
    """Return what must be equal of a line.

    When a line fails, which other nodes have run is a matter of timing. Where an input of a node
    leads nowhere, promptflow records no failed node.
    """
    nodes = cast("Mapping[str, Report]", line["nodes"])
    ran = {name: node for name, node in nodes.items() if node["status"] == "Completed"}
    if line["error"]:
        node = line["failed"] or case.fails.get(number, "not expected to fail")
        return {"failed": node, "asked": line["asked"]}
    return {
        "outputs": line["outputs"],
        "asked": line["asked"],
        "ran": {name: name in case.streams or node["output"] for name, node in ran.items()},
    }


def questions_of(line: Report) -> Counter[str]:
    asked = cast("Sequence[object]", line["asked"])
    return Counter(json.dumps(question, sort_keys=True) for question in asked)


def metrics_of(report: Report) -> Mapping[str, object]:
    aggregation = cast("Report", report.get("aggregation", {}))
    failed = aggregation.get("failed", "")
    nodes = cast("Mapping[str, Report]", aggregation.get("nodes", {}))
    return {
        "failed": failed,
        "metrics": {} if failed else aggregation.get("metrics", {}),
        "asked": aggregation.get("asked", []),
        "ran": {name: node["output"] for name, node in nodes.items() if node["output"] is not None},
    }


def lines_of(report: Report) -> Sequence[Report]:
    return cast("Sequence[Report]", report["lines"])
