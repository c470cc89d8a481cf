"""The XML around the tests: the strictest reading of Ant's schema, which every reader takes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from llmops.reporters.junit.cases import suites_of
from llmops.store import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmops.domain.comparison import Comparison
    from llmops.domain.gate import GateResult
    from llmops.domain.report import RunReport
    from llmops.reporters.junit.cases import Case, Suite

_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, not even as a reference."""


def write(
    numbers: RunReport, comparison: Comparison, gates: Sequence[GateResult], path: Path
) -> None:
    """Write the file; equal arguments give equal bytes.

    Raises:
        LLMOpsError: when it can't be written.
    """
    created = datetime.fromisoformat(numbers.created).astimezone(UTC)
    shared = {
        "package": numbers.experiment,
        "timestamp": created.strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": "localhost",
        "errors": "0",
        "time": "0",
    }
    properties = _properties(numbers, comparison)
    root = ET.Element("testsuites")
    for place, suite in enumerate(suites_of(numbers, comparison, gates)):
        _add_suite(root, suite, {**shared, "id": str(place)}, properties)
    ET.indent(root)
    with replacing(path) as file:
        ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def _properties(numbers: RunReport, comparison: Comparison) -> dict[str, str]:
    decision, family = comparison.decision, comparison.family
    properties = {
        "run": numbers.run,
        "experiment": numbers.experiment,
        "status": numbers.status,
        "decision": decision.outcome,
        "recommended": comparison.names.get(decision.configuration or "", ""),
        "baseline": comparison.names.get(comparison.baseline or "", ""),
        "objective": numbers.objective.metric if numbers.objective else "",
        "family": f"{family.size} tests, {family.method}, alpha {family.alpha:.3g}",
    }
    return {name: value for name, value in properties.items() if value}


def _add_suite(
    root: ET.Element, suite: Suite, shared: Mapping[str, str], properties: Mapping[str, str]
) -> None:
    element = _child(
        root,
        "testsuite",
        **shared,
        name=suite.name,
        tests=str(len(suite.cases)),
        failures=str(suite.count("failure")),
        skipped=str(suite.count("skipped")),
    )
    listed = _child(element, "properties")
    for name, value in properties.items():
        _child(listed, "property", name=name, value=value)
    for case in suite.cases:
        _add_case(element, case, suite, f"{shared['package']}.{suite.name}")
    _child(element, "system-out", suite.output)
    _child(element, "system-err")


def _add_case(parent: ET.Element, case: Case, suite: Suite, classname: str) -> None:
    element = _child(parent, "testcase", name=case.name, classname=classname, time="0")
    if case.outcome == "failure":
        text = "\n".join(part for part in (case.why, case.detail) if part)
        _child(element, "failure", text, message=case.why, type=suite.name)
    elif case.outcome == "skipped":
        _child(element, "skipped", message=case.why)


def _child(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    legal = {name: _legal(value) for name, value in attributes.items()}
    child = ET.SubElement(parent, tag, legal)
    child.text = _legal(text) or None
    return child


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
