"""`report.json`, as its reference and its schema describe it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest
from fake_comparison import ANALYSIS, fake_comparison, without_objective
from fake_runs import write_run
from jsonschema import Draft202012Validator

from llmops.domain.analysis import Gate, Labels, Racing, Split
from llmops.domain.deployment import Condition, TrafficPlan, Trigger
from llmops.gating import check_gates
from llmops.reporters import json as report_json
from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmops.domain.comparison import Comparison
    from llmops.domain.report import RunReport


class _Validator(Protocol):
    def validate(self, instance: object) -> None: ...


REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
GATES = (
    Gate(metric="accuracy", at_least=0.1),
    Gate(metric="accuracy", at_least=0.1, slice="label"),
)

PLANS = {
    "prod": TrafficPlan(
        must_hold=(Condition(metric="error_rate", at_most=0.02, direction="minimize"),),
        rollback_when=(Trigger(metric="exact.accuracy", drop=0.1),),
    )
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads((REFERENCE / "report.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = write_run(tmp_path_factory.mktemp("run") / "r1", datasets=("reviews", "b"), repeats=2)
    return summarise(RunReader(folder))


def written(folder: Path, numbers: RunReport, comparison: Comparison) -> dict[str, Any]:
    path = folder / "report.json"
    report_json.write(numbers, comparison, check_gates(numbers, comparison), path)
    return json.loads(path.read_text(encoding="utf-8"))


def whole() -> Comparison:
    """Return a comparison in which every optional part is there."""
    comparison = fake_comparison(datasets=("reviews", "b"))
    analysis = replace(
        ANALYSIS,
        gates=GATES,
        holdout=Split(share=0.3),
        labels=Labels(expected="label", predicted="sentiment"),
        racing=Racing(),
    )
    return replace(comparison, analysis=analysis, confirmation=comparison.effects[:1])


def test_it_keeps_to_its_schema(tmp_path: Path, numbers: RunReport, schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    validator = cast("_Validator", Draft202012Validator(schema))
    for comparison in (whole(), fake_comparison("no winner"), without_objective(fake_comparison())):
        validator.validate(written(tmp_path, numbers, comparison))
    validator.validate(written(tmp_path, replace(numbers, traffic_plans=PLANS), whole()))


def test_it_has_the_traffic_plans(tmp_path: Path, numbers: RunReport) -> None:
    told = written(tmp_path, replace(numbers, traffic_plans=PLANS), whole())["traffic_plans"]
    assert told["prod"]["steps"] == [10, 50, 100]
    assert told["prod"]["must_hold"][0]["at_most"] == 0.02
    assert told["prod"]["rollback_when"][0] == {
        "metric": "exact.accuracy",
        "above": None,
        "below": None,
        "drop": 0.1,
        "direction": "maximize",
    }


def test_the_reference_names_every_key(schema: dict[str, Any]) -> None:
    text = (REFERENCE / "report-json.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(\w+)`", text))
    stated_elsewhere = set(re.findall(r"\w+", (REFERENCE / "experiment.md").read_text("utf-8")))
    analysis = set(_keys(schema["$defs"]["analysis"])) | set(_keys(schema["$defs"]["objective"]))
    assert {key for key in _keys(schema) if key not in told | analysis} == set()
    assert analysis - told - stated_elsewhere == set()


def test_the_numbers_are_those_of_the_report(tmp_path: Path, numbers: RunReport) -> None:
    comparison = whole()
    told = written(tmp_path, numbers, comparison)
    assert told["version"] == 1
    for item, configuration in zip(told["configurations"], numbers.configurations, strict=True):
        assert item["id"] == configuration.id
        assert item["values"] == {"exact.accuracy": configuration.value("exact.accuracy")}
        score = configuration.cells[0].scores["exact.accuracy"]
        told_score = item["cells"][0]["scores"]["exact.accuracy"]
        assert (told_score["value"], told_score["values"]) == (score.value, list(score.values))
    assert told["comparison"]["family"]["size"] == comparison.family.size
    assert [each["p"] for each in told["comparison"]["effects"]] == [
        each.p for each in comparison.effects
    ]
    counts = told["comparison"]["confusions"][0]["counts"]
    assert {(each["expected"], each["predicted"]): each["count"] for each in counts} == dict(
        comparison.confusions[0].counts
    )
    assert [gate["status"] for gate in told["gates"]] == ["met"] * 4


def test_what_is_not_a_number_is_null(tmp_path: Path, numbers: RunReport) -> None:
    comparison = fake_comparison()
    first = replace(comparison.estimates[0], value=math.nan)
    told = written(tmp_path, numbers, replace(comparison, estimates=(first,)))
    assert told["comparison"]["estimates"][0]["value"] is None


def test_the_same_run_gives_the_same_bytes(tmp_path: Path, numbers: RunReport) -> None:
    for name in ("a.json", "b.json"):
        report_json.write(numbers, whole(), (), tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def _keys(schema: object) -> Iterator[str]:
    """Yield the name of every property anywhere in a schema."""
    match schema:
        case list():
            for each in cast("list[object]", schema):
                yield from _keys(each)
        case dict():
            fields = cast("dict[str, object]", schema)
            yield from cast("dict[str, object]", fields.get("properties", {}))
            for each in fields.values():
                yield from _keys(each)
        case _:
            pass
