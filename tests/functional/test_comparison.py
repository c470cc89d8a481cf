"""From run folders to comparisons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_runs import write_run
from fake_scores import IDS, ScoredRun

from llmops.comparison import compare, compare_runs
from llmops.domain.analysis import Analysis, Guardrail, Labels, Limits, Objective, Split
from llmops.domain.run import Evaluation, LineError
from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.comparison import Comparison

RIGHT = Analysis(objective=Objective(metric="right"))
BASELINE, BETTER, ODD = IDS[:3]


def outputs(place: int, _dataset: str, line: int, _repeat: int) -> Mapping[str, object] | None:
    """Let the second configuration be right on more lines; every 20th line of the third fails."""
    if place == 2 and line % 20 == 19:
        return None
    right = line % 10 < (4, 8, 4)[place]
    return {"right": right, "words": 10 + line % 3 + place, "verdict": "good" if right else "bad"}


def compared(run: ScoredRun, folder: Path) -> Comparison:
    reader = run.write(folder)
    return compare(reader, summarise(reader))


def test_a_run_is_compared(tmp_path: Path) -> None:
    analysis = Analysis(
        objective=Objective(metric="right"),
        guardrails=(Guardrail(metric="exact.words", direction="minimize", margin=2.0),),
        limits=Limits(cost_per_line=0.0025),
        slices=("label",),
    )
    found = compared(ScoredRun(outputs=outputs, analysis=analysis), tmp_path / "run")
    assert found.baseline == BASELINE
    assert set(found.labels) == {BASELINE, BETTER, ODD}
    assert found.family.metrics == ("exact.right", "exact.words")
    assert found.family.size == len(found.effects) == 4
    assert (found.decision.outcome, found.decision.configuration) == ("winner", BETTER)
    assert {each.metric for each in found.estimates} == {"exact.right", "exact.words"}
    assert any("cost per line is 0.003" in reason for reason in found.decision.candidates[ODD])
    assert {each.value for each in found.slices} == {"a", "b"}
    assert {each.configuration for each in found.regressions} == {BETTER, ODD}
    better = {each.configuration: each.lines for each in found.improvements}
    assert better == {BETTER: tuple(line for line in range(40) if 4 <= line % 10 < 8)}
    assert found.names == {BASELINE: "short · plain", BETTER: "long", ODD: "few_shot"}
    assert found.decision.sentence.startswith("Use long: ")


def test_a_failed_line_is_an_error_and_one_that_never_ran_is_missing(tmp_path: Path) -> None:
    run = ScoredRun(outputs=outputs, analysis=RIGHT, stopped={("reviews", BETTER): 30})
    found = compared(run, tmp_path / "run")
    counts = {
        each.configuration: (each.n, each.errors, each.missing, each.stopped_after)
        for each in found.estimates
        if each.metric == "exact.right"
    }
    assert counts == {
        BASELINE: (40, 0, 0, None),
        BETTER: (30, 0, 10, 30),
        ODD: (38, 2, 0, None),
    }
    assert found.decision.outcome == "no winner"
    assert (found.saved_by_racing, found.calls_saved_by_racing) == (10, 10)


def test_racing_saves_the_held_out_lines_of_what_it_stopped(tmp_path: Path) -> None:
    analysis = replace(RIGHT, holdout=Split(share=0.3))
    stopped = {("reviews", ODD): 20}
    run = ScoredRun(outputs=outputs, analysis=analysis, lines=200, repeats=2, stopped=stopped)
    found = compared(run, tmp_path / "run")
    assert found.saved_by_racing == 2 * (200 - 20)
    assert found.calls_saved_by_racing == 2 * (200 - 20)


def test_repeats_and_customers_are_not_counted_as_lines(tmp_path: Path) -> None:
    run = ScoredRun(outputs=outputs, analysis=Analysis(group="customer"), repeats=2)
    found = compared(run, tmp_path / "run")
    assert {(each.n, each.clusters) for each in found.estimates} == {(80, 10), (76, 10)}
    assert {each.pairs for each in found.effects} == {40, 38}


def test_the_same_lines_are_held_out_whatever_else_the_run_has(tmp_path: Path) -> None:
    analysis = Analysis(objective=Objective(metric="right"), holdout=Split(share=0.3))
    first = compared(ScoredRun(outputs=outputs, analysis=analysis, lines=200), tmp_path / "a")
    second = compared(
        ScoredRun(outputs=outputs, analysis=analysis, lines=200, count=2), tmp_path / "b"
    )
    chosen_on, confirmed_on = first.effects[0].pairs, first.confirmation[0].pairs
    assert chosen_on + confirmed_on == 200
    assert 40 <= confirmed_on <= 80
    assert second.effects[0].pairs == chosen_on
    assert first.decision.confirmed is True
    assert all(each.n + each.errors <= chosen_on for each in first.estimates)


def test_an_output_that_is_now_and_then_a_text_is_no_score(tmp_path: Path) -> None:
    def mixed(_place: int, _dataset: str, line: int, _repeat: int) -> Mapping[str, object]:
        return {"right": line % 2, "stars": "none" if line == 7 else 3, "tone": None}

    found = compared(ScoredRun(outputs=mixed), tmp_path / "run")
    assert {each.metric for each in found.estimates} == {"exact.right"}


def test_a_judge_that_repeats_and_one_that_fails(tmp_path: Path) -> None:
    def judged(_place: int, _dataset: str, line: int, _repeat: int) -> Evaluation:
        if line == 3:
            return Evaluation(error=LineError(node="judge", kind="timeout", message="no answer"))
        answers = tuple({"stars": line % 4 + spread} for spread in (0, 1, 2, 3))
        return Evaluation(outputs={"stars": line % 4 + 1.5}, answers=answers)

    found = compared(ScoredRun(outputs=judged), tmp_path / "run")
    estimate = found.estimates[0]
    assert (estimate.n, estimate.errors, estimate.missing) == (39, 1, 0)
    assert estimate.noise is not None
    assert estimate.noise.judge == pytest.approx((5 / 3 / 4) ** 0.5)


def test_labels_are_confused(tmp_path: Path) -> None:
    labels = Analysis(labels=Labels(expected="label", predicted="sentiment"))
    found = compared(ScoredRun(outputs=outputs, analysis=labels), tmp_path / "run")
    assert found.confusions[0].counts == {("a", "a"): 20, ("b", "a"): 20}


def test_metrics_of_the_whole_run_are_not_tested(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run"))
    found = compare(reader, summarise(reader))
    assert found.estimates == ()
    assert {effect.p for effect in found.effects} == {None}
    assert found.decision.best_by_mean is not None
    assert "let the evaluator output a number for each line" in found.decision.sentence


def test_the_same_evidence_gives_the_same_comparison(tmp_path: Path) -> None:
    reader = ScoredRun(outputs=outputs, analysis=RIGHT).write(tmp_path / "run")
    report = summarise(reader)
    assert compare(reader, report) == compare(RunReader(tmp_path / "run"), report)


def test_two_runs_are_paired_by_line(tmp_path: Path) -> None:
    def improved(place: int, dataset: str, line: int, repeat: int) -> Mapping[str, object] | None:
        return outputs(1 if place == 0 else place, dataset, line, repeat)

    first = ScoredRun(outputs=outputs, analysis=RIGHT, run_id="first").write(tmp_path / "a")
    second = ScoredRun(
        outputs=improved, analysis=RIGHT, run_id="second", repeats=2, lines=30
    ).write(tmp_path / "b")
    found = compare_runs(first, second)
    assert (found.first, found.second, found.notes) == ("first", "second", ())
    assert found.matches == {name: name for name in (BASELINE, BETTER, ODD)}
    by_name = {effect.configuration: effect for effect in found.effects}
    assert (by_name[BASELINE].pairs, by_name[BASELINE].finding) == (30, "better")
    assert by_name[BASELINE].difference == pytest.approx(0.4)
    assert by_name[BETTER].finding == "not shown"


def test_lines_of_different_files_are_not_paired(tmp_path: Path) -> None:
    before = {"reviews": "a" * 64, "old": "c" * 64}
    after = {"reviews": "b" * 64, "new": "d" * 64}
    first = ScoredRun(outputs=outputs, datasets=before, run_id="first").write(tmp_path / "a")
    second = ScoredRun(outputs=outputs, datasets=after, run_id="second").write(tmp_path / "b")
    found = compare_runs(first, second)
    assert found.effects == ()
    assert found.notes == (
        "reviews: the files differ (sha256 aaaaaaaa and bbbbbbbb), so their lines can't be paired.",
        "new: first has no dataset of this name.",
        "old: second has no dataset of this name.",
    )
