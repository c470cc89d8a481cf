"""Pairing by line, and the correction of the whole family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_scores import dataset_scores, run_scores

from llmops.comparison.criteria import Criterion, criteria_of
from llmops.comparison.effects import effects_of
from llmops.domain.analysis import Analysis, Guardrail, Objective
from llmops.statistics.multiplicity import holm

RIGHT = Criterion(metric="m.right", role="objective")
NONE = float("nan")


def test_lines_without_a_score_from_both_are_left_out_and_never_count_as_0() -> None:
    rows = [[1, 0, NONE, 1, NONE, 0], [1, 1, 1, NONE, NONE, 0]]
    (effect,) = effects_of(run_scores(dataset_scores(m_right=rows)), [RIGHT], confidence=0.95)
    assert (effect.pairs, effect.wins, effect.losses, effect.ties) == (3, 1, 0, 2)
    assert (effect.baseline_value, effect.value) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert effect.difference == pytest.approx(1 / 3)
    assert effect.kind == "binary"


def test_repeats_are_averaged_before_lines_are_paired() -> None:
    baseline = [[0, 1], [0, NONE], [1, 1]]
    other = [[1, 1], [0, 0], [NONE, NONE]]
    scores = run_scores(dataset_scores(m_right=[baseline, other]))
    (effect,) = effects_of(scores, [RIGHT], confidence=0.95)
    assert (effect.pairs, effect.wins, effect.ties) == (2, 1, 1)
    assert effect.difference == pytest.approx(0.25)
    assert effect.kind == "binary"
    assert "McNemar" not in effect.test


def test_effects_come_by_configuration_dataset_and_metric() -> None:
    rows = [[0, 1, 1]] * 3
    scores = run_scores(
        dataset_scores("x", m_right=rows, m_polite=rows),
        dataset_scores("y", m_right=rows, m_polite=rows),
    )
    criteria = [RIGHT, Criterion(metric="m.polite", role="guardrail")]
    effects = effects_of(scores, criteria, confidence=0.95)
    assert [(e.configuration, e.dataset, e.metric) for e in effects] == [
        (configuration, dataset, metric)
        for configuration in ("b", "c")
        for dataset in ("x", "y")
        for metric in ("m.right", "m.polite")
    ]


def test_what_cannot_be_tested_counts_in_the_correction() -> None:
    rows = [[0] * 8, [1] * 8, [1] * 8]
    scores = run_scores(dataset_scores(m_right=rows, stopped_after={2: 8}))
    criteria = [RIGHT, Criterion(metric="m.f1", role="metric")]
    effects = effects_of(scores, criteria, confidence=0.95, aggregated=["m.f1"])
    tested, whole, stopped, _ = effects
    assert tested.p is not None
    assert tested.p_adjusted == holm([tested.p, 1, 1, 1])[0]
    assert (whole.p, whole.p_adjusted, whole.finding) == (None, None, "not shown")
    assert "one number for the whole run" in whole.reason
    assert (stopped.p, stopped.stopped_after) == (None, 8)
    assert stopped.difference == 1


def test_a_dataset_that_is_not_judged_says_so() -> None:
    scores = run_scores(
        dataset_scores("x", m_right=[[0, 1]] * 2), dataset_scores("y", style_tone=[[0, 1]] * 2)
    )
    on_x, on_y = effects_of(scores, [RIGHT], confidence=0.95)
    assert on_x.p == 1
    assert (on_y.p, on_y.reason) == (None, "no evaluator gives it on this dataset")


def test_groups_of_lines_count_once() -> None:
    rows = np.array([[0] * 40, [1] * 40])
    alone = run_scores(dataset_scores(m_right=rows))
    grouped = run_scores(dataset_scores(m_right=rows, groups=np.arange(40) // 10))
    (single,) = effects_of(alone, [RIGHT], confidence=0.95)
    (together,) = effects_of(grouped, [RIGHT], confidence=0.95)
    assert single.p is not None
    assert together.p is not None
    assert single.p < 1e-9
    assert together.p > 0.1
    assert together.pairs == 40


def test_a_margin_asks_for_its_own_test() -> None:
    rows = [[0, 1] * 50] * 2
    scores = run_scores(dataset_scores(m_right=rows))
    objective = replace(RIGHT, margin=0.1)
    guardrail = replace(RIGHT, role="guardrail", margin=0.1)
    for criterion in (objective, guardrail):
        (effect,) = effects_of(scores, [criterion], confidence=0.95)
        assert effect.p_margin is not None
        assert effect.p_margin < 0.01


def test_short_names_are_resolved_and_a_metric_counts_once() -> None:
    analysis = Analysis(
        objective=Objective(metric="right", margin=0.1),
        guardrails=(Guardrail(metric="m.polite"), Guardrail(metric="right")),
        metrics=("words", "m.polite"),
    )
    criteria = criteria_of(analysis, ["m.right", "m.polite", "m.words"])
    assert [(each.metric, each.role) for each in criteria] == [
        ("m.right", "objective"),
        ("m.polite", "guardrail"),
        ("m.words", "metric"),
    ]
    assert criteria[0].margin == 0.1
    assert criteria[1].margin is None
