"""What describes a run without testing anything: estimates, slices, regressions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_scores import dataset_scores, run_scores

from llmops.comparison.confusion import confusions_of
from llmops.comparison.criteria import Criterion
from llmops.comparison.estimates import estimates_of
from llmops.comparison.regressions import improvements_of, regressions_of
from llmops.comparison.slices import Question, questions_of, slices_of
from llmops.domain.analysis import Analysis, Gate, Objective

RIGHT = Criterion(metric="m.right", role="objective")
NONE = float("nan")


def test_an_estimate_counts_errors_and_missing_apart() -> None:
    dataset = dataset_scores(m_right=[[1, 0, 1, NONE, NONE, NONE]])
    errors = np.array([[[False], [False], [False], [True], [True], [False]]])
    (estimate,) = estimates_of(run_scores(replace(dataset, errors={"m.right": errors})), 0.95)
    assert (estimate.n, estimate.errors, estimate.missing) == (3, 2, 1)
    assert estimate.value == pytest.approx(2 / 3)
    assert estimate.interval is not None
    assert estimate.interval.method == "Wilson"
    assert (estimate.clusters, estimate.noise) == (3, None)


def test_without_scores_an_estimate_has_no_value() -> None:
    scores = run_scores(dataset_scores(m_right=[[1, 0], [NONE, NONE]]))
    _, empty = estimates_of(scores, 0.95)
    assert (empty.value, empty.interval, empty.n, empty.missing) == (None, None, 0, 2)


def test_repeats_are_no_further_lines_and_split_the_noise() -> None:
    rows = [[[1, 3], [5, 7], [9, 11], [2, 4]]]
    (estimate,) = estimates_of(run_scores(dataset_scores(m_stars=rows)), 0.95)
    assert (estimate.n, estimate.clusters, estimate.kind) == (8, 4, "numeric")
    assert estimate.noise is not None
    assert estimate.noise.model == pytest.approx(2**0.5)
    assert estimate.noise.lines > 2


def test_a_judge_that_repeats_has_its_noise_told_apart() -> None:
    dataset = dataset_scores(m_stars=[[1.0, 3.0, 5.0, 7.0]])
    variance = np.array([1.0])
    scores = run_scores(replace(dataset, judge_variance={"m.stars": variance}))
    (estimate,) = estimates_of(scores, 0.95)
    assert estimate.noise is not None
    assert (estimate.noise.judge, estimate.noise.model) == (1.0, None)
    assert estimate.noise.lines == pytest.approx((20 / 3 - 1) ** 0.5)


def test_slices_come_worst_first_and_tiny_ones_not_at_all() -> None:
    regions = ["north"] * 6 + ["south"] * 6 + ["east", None]
    scores = run_scores(
        dataset_scores(m_right=[[1] * 14, [1] * 6 + [0] * 6 + [0, 0]], columns={"region": regions})
    )
    worst, *others = slices_of(
        scores, [Question(column="region", metric="m.right", direction="maximize")], 0.95
    )
    assert (worst.value, worst.lines, worst.score, worst.baseline_score) == ("south", 6, 0.0, 1.0)
    assert worst.interval is not None
    assert {(each.configuration, each.value, each.score) for each in others} == {
        ("b", "north", 1.0),
        ("a", "north", 1.0),
        ("a", "south", 1.0),
    }


def test_a_baseline_alone_has_slices_without_a_difference() -> None:
    scores = run_scores(dataset_scores(m_words=[[4, 6, NONE]], columns={"region": ["east"] * 3}))
    question = Question(column="region", metric="m.words", direction="minimize", fewest=1)
    (only,) = slices_of(scores, [question], 0.95)
    assert (only.configuration, only.score, only.lines, only.n) == ("a", 5.0, 3, 2)
    assert only.interval is None


def test_the_plan_asks_for_the_objective_and_for_what_gates_look_at() -> None:
    plan = Analysis(
        objective=Objective(metric="right"),
        slices=("region",),
        gates=(
            Gate(metric="right", at_least=0.5, slice="region", min_lines=3),
            Gate(metric="words", at_most=40, slice="language"),
            Gate(metric="words", max_drop=2, direction="minimize", slice="language"),
            Gate(metric="words", at_most=40),
        ),
    )
    assert questions_of(plan, ["m.right", "m.words"]) == (
        Question(column="region", metric="m.right", direction="maximize", fewest=3),
        Question(column="language", metric="m.words", direction="minimize"),
    )


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_difference_of_shares_never_leaves_the_possible_range(repeats: int) -> None:
    lines = 8
    baseline = [[1] * repeats] * lines
    other = [[0] * repeats] * (lines - 1) + [[0] * (repeats - 1) + [1]]
    scores = run_scores(
        dataset_scores(m_right=[baseline, other], columns={"region": ["east"] * lines})
    )
    question = Question(column="region", metric="m.right", direction="maximize")
    worst, _ = slices_of(scores, [question], 0.95)
    assert worst.interval is not None
    assert worst.score is not None
    assert -1 <= worst.interval.low <= worst.score - 1 <= worst.interval.high <= 1


def test_less_is_worse_only_where_more_is_better() -> None:
    scores = run_scores(
        dataset_scores(m_right=[[1, 0, 1], [0, 1, 1]], m_words=[[9, 9, 9], [8, 9, 10]])
    )
    words = Criterion(metric="m.words", role="guardrail", direction="minimize")
    found = regressions_of(scores, [RIGHT, words])
    assert [(each.line, each.metric, each.baseline, each.score) for each in found] == [
        (0, "m.right", 1.0, 0.0),
        (2, "m.words", 9.0, 10.0),
    ]


def test_better_lines_are_numbers_of_the_file_and_of_the_objective_only() -> None:
    rows = [[0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, NONE]]
    dataset = dataset_scores(m_right=rows, m_words=rows)
    scores = run_scores(dataset.only(np.array([False, True, True, True])))
    words = Criterion(metric="m.words", role="guardrail")
    found = improvements_of(scores, [RIGHT, words])
    assert [(each.configuration, each.metric, each.lines) for each in found] == [
        ("b", "m.right", (1,)),
        ("c", "m.right", (1,)),
    ]
    fewer = replace(RIGHT, direction="minimize")
    assert [each.lines for each in improvements_of(scores, [fewer])] == [(2,)]


def test_a_line_that_only_one_answered_is_no_change() -> None:
    scores = run_scores(dataset_scores(m_right=[[1, NONE, 0], [NONE, 0, NONE]]))
    assert regressions_of(scores, [RIGHT]) == ()
    assert improvements_of(scores, [RIGHT]) == ()


def test_labels_are_counted_by_expected_and_predicted() -> None:
    dataset = dataset_scores(m_right=[[1, 0], [1, 1]])
    counts = {("yes", "no"): 2, ("no", "no"): 1}
    (confusion,) = confusions_of(run_scores(replace(dataset, labels=(counts, {}))))
    assert confusion.configuration == "a"
    assert confusion.labels == ("no", "yes")
    assert confusion.counts == counts
