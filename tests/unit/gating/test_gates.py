from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_comparison import fake_comparison
from fake_reports import IDS, Scores, figures, report

from llmops.domain.analysis import Analysis, Gate, Guardrail
from llmops.domain.description import Slice
from llmops.domain.report import RunReport, Score
from llmops.gating import check_gates

if TYPE_CHECKING:
    from llmops.domain.comparison import Comparison

BASELINE, VARIANT = IDS[:2]


def judged(
    *gates: Gate, chosen: str | None = VARIANT, slices: tuple[Slice, ...] = ()
) -> Comparison:
    made = fake_comparison()
    return replace(
        made,
        analysis=Analysis(gates=gates),
        decision=replace(made.decision, configuration=chosen),
        slices=slices,
    )


def run(variant: Scores, baseline: Scores | None = None) -> RunReport:
    return report({"reviews": baseline or variant}, {"reviews": variant})


def status(numbers: RunReport, gate: Gate) -> str:
    (result,) = check_gates(numbers, judged(gate))
    return result.status


@pytest.mark.parametrize(
    ("value", "gate", "expected"),
    [
        (0.8, Gate(metric="accuracy", at_least=0.8), "met"),
        (0.79999, Gate(metric="accuracy", at_least=0.8), "unmet"),
        (0.8, Gate(metric="accuracy", at_most=0.8), "met"),
        (0.80001, Gate(metric="accuracy", at_most=0.8), "unmet"),
        (0.0, Gate(metric="accuracy", at_least=0.0), "met"),
        (0.1, Gate(metric="accuracy", at_most=0.0), "unmet"),
        (0.1 + 0.2, Gate(metric="accuracy", at_most=0.3), "met"),
        (None, Gate(metric="accuracy", at_most=0.8), "unmet"),
        (math.nan, Gate(metric="accuracy", at_most=0.8), "unmet"),
        (math.inf, Gate(metric="accuracy", at_least=0.8), "unmet"),
    ],
)
def test_thresholds(value: float | None, gate: Gate, expected: str) -> None:
    assert status(run({"exact.accuracy": value}), gate) == expected


@pytest.mark.parametrize(
    ("baseline", "value", "direction", "expected"),
    [
        (0.80, 0.75, "maximize", "met"),
        (0.80, 0.749, "maximize", "unmet"),
        (0.80, 0.95, "maximize", "met"),
        (0.80, 0.85, "minimize", "met"),
        (0.80, 0.851, "minimize", "unmet"),
        (0.80, 0.10, "minimize", "met"),
        (None, 0.9, "maximize", "unmet"),
        (0.80, None, "minimize", "unmet"),
    ],
)
def test_a_drop_is_in_the_direction_that_is_worse(
    baseline: float | None, value: float | None, direction: str, expected: str
) -> None:
    gate = Gate(metric="accuracy", max_drop=0.05, direction="minimize")
    gate = gate if direction == "minimize" else replace(gate, direction="maximize")
    numbers = run({"exact.accuracy": value}, {"exact.accuracy": baseline})
    assert status(numbers, gate) == expected


def test_each_dataset_must_meet_a_gate_that_names_none() -> None:
    cells: dict[str, Scores] = {"a": {"x.score": 0.9}, "b": {"x.score": 0.7}, "c": {}}
    numbers = report(cells, cells)
    everywhere, only_a = (
        check_gates(numbers, judged(Gate(metric="score", at_least=0.8, dataset=dataset)))
        for dataset in ("", "a")
    )
    assert [each.status for each in everywhere] == ["met", "unmet", "unmet"]
    assert [(each.dataset, each.status) for each in only_a] == [("a", "met")]
    assert "state the gate's dataset" in everywhere[2].sentence


def test_a_metric_that_nobody_has_is_unmet_and_the_nearest_is_named() -> None:
    gates = judged(
        Gate(metric="acuracy", at_most=1.0),
        Gate(metric="eror_rate", at_most=1.0),
        Gate(metric="acuracy", max_drop=1.0, against="deployed"),
        Gate(metric="zzz", at_most=1.0),
    )
    first, second, deployed, unlike = check_gates(run({"exact.accuracy": 0.9}), gates)
    assert {first.status, second.status, deployed.status, unlike.status} == {"unmet"}
    assert "did you mean 'exact.accuracy'?" in first.sentence
    assert "did you mean 'error_rate'?" in second.sentence
    assert "there are exact.accuracy, cost_per_line" in unlike.sentence


def test_a_sentence_never_makes_a_miss_look_like_a_hit() -> None:
    (result,) = check_gates(
        run({"x.score": 0.79999996}), judged(Gate(metric="score", at_least=0.8))
    )
    assert result.sentence == ("x.score on reviews is 0.79999996 (n = 200); at least 0.8 is wanted")
    assert (result.wanted, result.seen, result.threshold) == (
        "x.score at least 0.8",
        0.79999996,
        0.8,
    )


def test_what_is_deployed_is_compared_on_the_same_dataset_and_metric() -> None:
    gate = Gate(metric="score", max_drop=0.1, against="deployed")
    numbers = run({"x.score": 0.6}, {"x.score": 0.1})
    (nothing,) = check_gates(numbers, judged(gate))
    assert nothing.status == "not applicable"
    for scores, expected in (
        ({"x.score": 0.7}, "met"),
        ({"x.score": 0.75}, "unmet"),
        ({}, "unmet"),
    ):
        deployed = report({"reviews": scores}).configurations[0]
        (result,) = check_gates(numbers, judged(gate), deployed=deployed)
        assert result.status == expected
    elsewhere = report({"gadgets": {"x.score": 0.7}}).configurations[0]
    (result,) = check_gates(numbers, judged(gate), deployed=elsewhere)
    assert result.status == "unmet"
    assert "nothing to compare with in the deployed" in result.sentence


def test_a_run_without_its_baseline_meets_no_gate_against_it() -> None:
    numbers = report({"reviews": {"x.score": 1.0}}, {"reviews": {"x.score": 1.0}}, baseline=None)
    assert status(numbers, Gate(metric="score", max_drop=0.5)) == "unmet"


@pytest.mark.parametrize(
    ("metric", "limit"),
    [
        ("error_rate", 10 / 190),
        ("missing_rate", 10 / 200),
        ("p95_seconds", 1.5),
        ("cost_per_line", 0.001),
    ],
)
def test_what_lines_took_can_be_limited(metric: str, limit: float) -> None:
    taken = figures(n=180, errors=10, missing=10, cost=0.19)
    numbers = report({"reviews": {}}, {"reviews": {}}, taken=taken)
    assert status(numbers, Gate(metric=metric, at_most=limit)) == "met"
    assert status(numbers, Gate(metric=metric, at_most=limit * 0.99)) == "unmet"


@pytest.mark.parametrize("metric", ["error_rate", "p95_seconds", "cost_per_line"])
def test_what_nobody_measured_is_unmet(metric: str) -> None:
    taken = figures(n=0, missing=200, cost=None, p95=None)
    numbers = report({"reviews": {}}, {"reviews": {}}, taken=taken)
    assert status(numbers, Gate(metric=metric, at_most=1e9)) == "unmet"


def test_lines_that_a_decisive_evaluator_could_not_judge_count_as_errors() -> None:
    half = Score(values=(1.0,), n=90, errors=100, missing=10)
    numbers = run({"x.score": half})
    gates = (Gate(metric="error_rate", at_most=0.49), Gate(metric="missing_rate", at_most=0.049))
    decisive = judged(*gates)
    decisive = replace(
        decisive, analysis=replace(decisive.analysis, guardrails=(Guardrail(metric="score"),))
    )
    assert [each.status for each in check_gates(numbers, decisive)] == ["unmet", "unmet"]
    assert [each.status for each in check_gates(numbers, judged(*gates))] == ["met", "met"]


def slices(
    *scores: float | None, configuration: str = VARIANT, lines: int = 30
) -> tuple[Slice, ...]:
    return tuple(
        Slice(
            column="language",
            value=value,
            dataset="reviews",
            configuration=configuration,
            metric="x.score",
            direction="maximize",
            lines=lines,
            n=lines,
            score=score,
            baseline_score=0.8,
            difference=None,
            interval=None,
        )
        for value, score in zip(("de", "en", "fr"), scores, strict=False)
    )


def test_the_worst_slice_decides_and_is_named() -> None:
    gate = Gate(metric="score", at_least=0.6, slice="language")
    numbers = run({"x.score": 0.9})
    (result,) = check_gates(numbers, judged(gate, slices=slices(0.9, 0.55, 0.7)))
    assert (result.status, result.slice_value, result.seen) == ("unmet", "en", 0.55)
    assert "language 'en', the worst of 3" in result.sentence
    (result,) = check_gates(numbers, judged(gate, slices=slices(0.9, 0.6)))
    assert result.status == "met"


@pytest.mark.parametrize(
    "there",
    [
        (),
        slices(0.9, lines=19),
        slices(0.9, configuration=IDS[2]),
        slices(0.9, None),
        tuple(replace(each, column="region") for each in slices(0.9)),
        tuple(replace(each, metric="x.other") for each in slices(0.9)),
    ],
)
def test_a_slice_that_cannot_be_judged_is_unmet(there: tuple[Slice, ...]) -> None:
    gate = Gate(metric="score", at_least=0.1, slice="language")
    (result,) = check_gates(run({"x.score": 0.9}), judged(gate, slices=there))
    assert result.status == "unmet"


def test_a_slice_with_too_few_lines_does_not_count() -> None:
    gate = Gate(metric="score", at_least=0.6, slice="language")
    few = (*slices(0.9), *(replace(each, value="xx", lines=3) for each in slices(0.0)))
    (result,) = check_gates(run({"x.score": 0.9}), judged(gate, slices=few))
    assert result.status == "met"


def test_a_slice_is_compared_with_the_baseline_on_the_same_lines() -> None:
    gate = Gate(metric="score", max_drop=0.1, slice="language")
    numbers = run({"x.score": 0.9})
    (result,) = check_gates(numbers, judged(gate, slices=slices(0.9, 0.71)))
    assert result.status == "met"
    (result,) = check_gates(numbers, judged(gate, slices=slices(0.9, 0.69)))
    assert (result.status, result.slice_value) == ("unmet", "en")


def test_the_baseline_is_judged_by_slices_of_its_own() -> None:
    gate = Gate(metric="score", at_least=0.85, slice="language")
    there = (*slices(0.9, 0.9), *slices(0.8, 0.7, configuration=BASELINE))
    (result,) = check_gates(run({"x.score": 0.9}), judged(gate, slices=there, chosen=BASELINE))
    assert (result.status, result.seen) == ("unmet", 0.7)


def test_a_slice_says_how_many_of_its_lines_have_a_score() -> None:
    gate = Gate(metric="score", at_least=0.5, slice="language")
    there = tuple(replace(each, n=2) for each in slices(0.9))
    (result,) = check_gates(run({"x.score": 0.9}), judged(gate, slices=there))
    assert result.sentence.startswith(
        "x.score on reviews for language 'de', the worst of 1, is 0.9 (n = 2 on 30 lines)"
    )


def test_one_may_ask_for_another_configuration() -> None:
    numbers = run({"x.score": 0.9}, {"x.score": 0.1})
    comparison = judged(Gate(metric="score", at_least=0.5))
    (asked,) = check_gates(numbers, comparison, configuration=BASELINE)
    assert asked.status == "unmet"


def test_without_a_recommendation_nothing_is_met() -> None:
    comparison = judged(Gate(metric="score", at_least=0.0), chosen=None)
    (result,) = check_gates(run({"x.score": 1.0}), comparison)
    assert result.status == "unmet"
    assert "no configuration is recommended" in result.sentence
