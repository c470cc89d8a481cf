"""`junit.xml`, read as a pipeline reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fake_comparison import ANALYSIS, fake_comparison
from fake_runs import write_run
from xmlschema import XMLResource, XMLSchema, XMLSchemaValidationError

from llmops.domain.analysis import Gate
from llmops.gating import check_gates
from llmops.reporters import junit
from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree import ElementTree as ET

    from llmops.domain.comparison import Comparison, Outcome
    from llmops.domain.gate import GateResult
    from llmops.domain.report import RunReport

GATES = (
    Gate(metric="accuracy", at_least=0.1),
    Gate(metric="accuracy", at_least=1.1),
    Gate(metric="accuracy", max_drop=0.0, against="deployed"),
    Gate(metric="error_rate", at_most=0.01),
)
HOSTILE = "a]]>b\x00\x1b[31m<system-out>&amp;\ud800\ufffe\r\n\"'é"


@pytest.fixture(scope="module")
def schema() -> XMLSchema:
    return XMLSchema(Path(__file__).parent / "schemas" / "junit.xsd")


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = write_run(tmp_path_factory.mktemp("run") / "r1", lines=30)
    return summarise(RunReader(folder))


def gated(numbers: RunReport, comparison: Comparison) -> tuple[GateResult, ...]:
    return check_gates(numbers, replace(comparison, analysis=replace(ANALYSIS, gates=GATES)))


def written(
    path: Path, numbers: RunReport, comparison: Comparison, gates: Sequence[GateResult]
) -> ET.Element:
    junit.write(numbers, comparison, gates, path)
    return XMLResource(str(path)).root


def outcomes(root: ET.Element, suite: str) -> list[str]:
    """Return the outcome of each test of a suite."""
    cases = root.findall(f"testsuite[@name='{suite}']/testcase")
    return [next((child.tag for child in case), "passed") for case in cases]


@pytest.mark.parametrize("outcome", ["winner", "equivalent", "no winner"])
def test_it_keeps_to_the_schema(
    tmp_path: Path, numbers: RunReport, schema: XMLSchema, outcome: Outcome
) -> None:
    comparison = fake_comparison(outcome)
    for gates in ((), gated(numbers, comparison)):
        root = written(tmp_path / "junit.xml", numbers, comparison, gates)
        schema.validate(str(tmp_path / "junit.xml"))
        for suite in root:
            cases = suite.findall("testcase")
            assert int(suite.attrib["tests"]) == len(cases)
            assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
            assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
            assert len({case.attrib["name"] for case in cases}) == len(cases)


def test_the_schema_bites(tmp_path: Path, numbers: RunReport, schema: XMLSchema) -> None:
    root = written(tmp_path / "junit.xml", numbers, fake_comparison(), ())
    for element, attribute in ((root[0], "timestamp"), (root[0].find("testcase"), "classname")):
        assert element is not None
        value = element.attrib.pop(attribute)
        with pytest.raises(XMLSchemaValidationError):
            schema.validate(root)
        element.attrib[attribute] = value
    schema.validate(root)


def test_gates_pass_fail_and_are_skipped(tmp_path: Path, numbers: RunReport) -> None:
    comparison = fake_comparison()
    gates = gated(numbers, comparison)
    root = written(tmp_path / "junit.xml", numbers, comparison, gates)
    assert outcomes(root, "gates") == ["passed", "failure", "skipped", "failure"]
    failure = root.find("testsuite[@name='gates']/testcase/failure")
    assert failure is not None
    assert failure.attrib["message"] == gates[1].sentence
    assert gates[1].sentence in (failure.text or "")


def test_only_what_is_recommended_can_fail(tmp_path: Path, numbers: RunReport) -> None:
    comparison = fake_comparison()
    root = written(tmp_path / "a.xml", numbers, comparison, gated(numbers, comparison))
    assert outcomes(root, "guardrails") == ["passed", "skipped", "passed"]
    assert outcomes(root, "errors").count("failure") == 1
    broken = comparison.guardrails[1].configuration
    chosen = replace(comparison, decision=replace(comparison.decision, configuration=broken))
    root = written(tmp_path / "b.xml", numbers, chosen, ())
    assert outcomes(root, "guardrails") == ["passed", "failure", "passed"]
    assert "failure" not in outcomes(root, "errors"), "no gate limits them"


def test_a_run_that_is_not_complete_fails(tmp_path: Path, numbers: RunReport) -> None:
    stopped = replace(numbers, status="budget_exhausted")
    assert outcomes(written(tmp_path / "a.xml", stopped, fake_comparison(), ()), "decision") == [
        "passed",
        "failure",
    ]
    unsure = fake_comparison("no winner")
    assert outcomes(written(tmp_path / "b.xml", numbers, unsure, ()), "decision")[0] == "skipped"


def test_no_text_breaks_the_file(tmp_path: Path, numbers: RunReport, schema: XMLSchema) -> None:
    comparison = fake_comparison()
    decision = replace(comparison.decision, sentence=HOSTILE, candidates={HOSTILE: (HOSTILE,)})
    comparison = replace(
        comparison,
        names=dict.fromkeys(comparison.names, HOSTILE),
        decision=decision,
        guardrails=tuple(
            replace(each, sentence=HOSTILE, kept=False, metric=HOSTILE + str(place))
            for place, each in enumerate(comparison.guardrails)
        ),
    )
    gates = tuple(replace(each, sentence=HOSTILE) for each in gated(numbers, comparison))
    root = written(tmp_path / "junit.xml", replace(numbers, experiment=HOSTILE), comparison, gates)
    schema.validate(str(tmp_path / "junit.xml"))
    failure = root.find("testsuite[@name='gates']/testcase/failure")
    assert failure is not None
    said = "a]]>b\ufffd\ufffd[31m<system-out>&amp;\ufffd\ufffd\r\n\"'é"
    assert failure.attrib["message"] == said
    assert [element.tag for element in root] == ["testsuite"] * 4


def test_the_same_run_gives_the_same_bytes(tmp_path: Path, numbers: RunReport) -> None:
    for name in ("a.xml", "b.xml"):
        junit.write(numbers, fake_comparison(), gated(numbers, fake_comparison()), tmp_path / name)
    assert (tmp_path / "a.xml").read_bytes() == (tmp_path / "b.xml").read_bytes()
