"""The rules of the decision, one by one, on made-up scores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_scores import contenders, dataset_scores, run_scores

from llmops.comparison.verdict import reach_verdict
from llmops.domain.analysis import Analysis, Guardrail, Limits, Objective, Split

ACCURACY = Analysis(objective=Objective(metric="m.right"))
POLITE = replace(ACCURACY, guardrails=(Guardrail(metric="m.polite"),))
BETTER, EQUAL, WORSE = 130, 100, 70
"""Right answers out of 200; the baseline has 100, and the pairs that differ all differ one way."""


def share(*right: int, lines: int = 200) -> list[list[float]]:
    """Return a row per configuration, right on its first lines."""
    return [[1.0] * count + [0.0] * (lines - count) for count in right]


def noisy(shift: float, lines: int = 200) -> list[float]:
    return [(line * 7 % 11 - 5) / 10 + shift for line in range(lines)]


def test_one_that_is_shown_to_be_better_wins() -> None:
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER, EQUAL)))
    verdict = reach_verdict(scores, ACCURACY, contenders())
    decision = verdict.decision
    assert (decision.outcome, decision.configuration) == ("winner", "b")
    assert decision.sentence == (
        "Use variant b: m.right is 15 points better than the baseline's on reviews (200 lines), "
        "significant after correcting for 2 tests."
    )
    assert set(decision.candidates) == {"a", "c"}
    assert decision.confirmed is None


def test_the_best_by_mean_does_not_win_by_its_mean() -> None:
    scores = run_scores(dataset_scores(m_right=share(EQUAL, 104)))
    decision = reach_verdict(scores, ACCURACY, contenders()).decision
    assert (decision.outcome, decision.configuration) == ("no winner", "a")
    assert decision.best_by_mean == "b"
    assert decision.sentence == (
        "No winner, keep the baseline: variant b has the best mean m.right, but that may be "
        "chance: 2 points better on reviews (200 lines, p = 0.12)."
    )


def test_lines_that_were_left_out_are_told() -> None:
    baseline, better = share(EQUAL, BETTER)
    rows = [baseline, [float("nan")] * 10 + better[10:]]
    decision = reach_verdict(
        run_scores(dataset_scores(m_right=rows)), ACCURACY, contenders()
    ).decision
    assert "on reviews (190 of 200 lines), significant." in decision.sentence


def test_the_more_tests_the_less_is_shown() -> None:
    alone = run_scores(dataset_scores(m_right=share(EQUAL, 107)))
    among = run_scores(dataset_scores(m_right=share(EQUAL, 107, EQUAL, EQUAL, EQUAL)))
    assert reach_verdict(alone, ACCURACY, contenders()).decision.outcome == "winner"
    assert reach_verdict(among, ACCURACY, contenders()).decision.outcome == "no winner"


def test_one_that_is_worse_on_another_dataset_does_not_win() -> None:
    scores = run_scores(
        dataset_scores("x", m_right=share(EQUAL, BETTER)),
        dataset_scores("y", m_right=share(EQUAL, 80)),
    )
    decision = reach_verdict(scores, ACCURACY, contenders()).decision
    assert decision.outcome == "no winner"
    assert decision.candidates["b"] == (
        "10 points worse than the baseline on y (200 lines, p < 0.001)",
    )
    assert decision.sentence == (
        "No winner, keep the baseline: variant b is 15 points better on x (200 lines), significant "
        "after correcting for 2 tests, but can't be chosen: 10 points worse than the baseline on y "
        "(200 lines, p < 0.001)."
    )


def test_what_all_datasets_show_is_said_once_and_what_may_be_chance_apart() -> None:
    scores = run_scores(
        dataset_scores("x", m_right=share(EQUAL, BETTER)),
        dataset_scores("y", m_right=share(EQUAL, 140)),
        dataset_scores("z", m_right=share(EQUAL, 101)),
    )
    decision = reach_verdict(scores, ACCURACY, contenders()).decision
    assert decision.sentence == (
        "Use variant b: m.right is 15 points better than the baseline's on x (200 lines) and 20 on "
        "y (200 lines), significant after correcting for 3 tests. "
        "Not significant: 0.5 points better on z (200 lines, p = 1)."
    )


def test_one_whose_mean_over_the_datasets_is_lower_does_not_win() -> None:
    scores = run_scores(
        dataset_scores("x", m_right=share(EQUAL, BETTER)),
        dataset_scores("y", m_right=share(5, 1, lines=6)),
    )
    decision = reach_verdict(scores, ACCURACY, contenders()).decision
    assert decision.outcome == "no winner"
    assert decision.candidates["b"] == (
        "its mean over the datasets is no better than the baseline's",
    )


def test_less_is_better_when_minimized() -> None:
    analysis = Analysis(objective=Objective(metric="m.errors", direction="minimize"))
    scores = run_scores(dataset_scores(m_errors=share(EQUAL, WORSE, BETTER)))
    verdict = reach_verdict(scores, analysis, contenders())
    assert verdict.decision.configuration == verdict.decision.best_by_mean == "b"
    effect = verdict.effects[0]
    assert (effect.wins, effect.losses, effect.difference) == (30, 0, -0.15)


def test_a_guardrail_without_a_margin_stops_what_is_shown_to_be_worse() -> None:
    scores = run_scores(
        dataset_scores(m_right=share(EQUAL, BETTER, BETTER), m_polite=share(180, 150, 179))
    )
    verdict = reach_verdict(scores, POLITE, contenders())
    assert [check.kept for check in verdict.guardrails] == [False, True]
    assert verdict.decision.configuration == "c"
    assert verdict.decision.candidates["b"] == (
        "m.polite on reviews is 15 points worse (200 lines, p < 0.001)",
    )


@pytest.mark.parametrize(("margin", "outcome"), [(0.02, "no winner"), (0.1, "winner")])
def test_a_guardrail_with_a_margin_has_to_be_shown(margin: float, outcome: str) -> None:
    analysis = replace(ACCURACY, guardrails=(Guardrail(metric="m.polite", margin=margin),))
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER), m_polite=share(180, 176)))
    verdict = reach_verdict(scores, analysis, contenders())
    assert verdict.decision.outcome == outcome
    assert verdict.guardrails[0].kept is (outcome == "winner")


@pytest.mark.parametrize(
    ("polite", "said"),
    [
        (170, "5 points worse (200 lines); less than 4 points worse is allowed"),
        (176, "2 points worse (200 lines); less than 4 points worse is not shown (p = 0."),
        (
            180,
            "no different (200 lines); less than 4 points worse is shown (p < 0.001",
        ),
    ],
)
def test_a_guardrail_says_what_was_seen_and_what_was_wanted(polite: int, said: str) -> None:
    analysis = replace(ACCURACY, guardrails=(Guardrail(metric="m.polite", margin=0.04),))
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER), m_polite=share(180, polite)))
    (check,) = reach_verdict(scores, analysis, contenders()).guardrails
    assert check.sentence.startswith(f"m.polite on reviews is {said}")


def test_a_margin_is_harder_to_show_among_more_variants() -> None:
    analysis = replace(ACCURACY, guardrails=(Guardrail(metric="m.polite", margin=0.05),))

    def kept(variants: int) -> bool:
        right, polite = [EQUAL] * variants, [176] * variants
        scores = run_scores(
            dataset_scores(m_right=share(EQUAL, *right), m_polite=share(180, *polite))
        )
        return all(check.kept for check in reach_verdict(scores, analysis, contenders()).guardrails)

    assert kept(1)
    assert not kept(6)


def test_a_guardrail_counts_where_its_evaluator_judges() -> None:
    scores = run_scores(
        dataset_scores("x", m_right=share(EQUAL, BETTER), style_polite=share(180, 180)),
        dataset_scores("y", m_right=share(EQUAL, BETTER)),
    )
    analysis = replace(ACCURACY, guardrails=(Guardrail(metric="polite"),))
    verdict = reach_verdict(scores, analysis, contenders())
    assert [check.dataset for check in verdict.guardrails] == ["x"]
    assert verdict.decision.outcome == "winner"


def test_a_guardrail_without_scores_is_not_kept() -> None:
    judged = dataset_scores(m_right=share(EQUAL, BETTER), style_polite=share(180, 180))
    values = {"m.right": judged.values["m.right"]}
    scores = run_scores(replace(judged, values=values))
    analysis = replace(ACCURACY, guardrails=(Guardrail(metric="style.polite"),))
    verdict = reach_verdict(scores, analysis, contenders())
    assert verdict.decision.outcome == "no winner"
    assert verdict.guardrails[0].sentence == (
        "style.polite on reviews can't be tested: no line has a score"
    )


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(cost_per_line=1.5), "cost per line is 2; at most 1.5 is allowed"),
        (
            Limits(p95_seconds=2),
            "95th percentile of the seconds is 3; at most 2 is allowed",
        ),
    ],
)
def test_one_that_breaks_a_limit_does_not_win(limits: Limits, reason: str) -> None:
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER)))
    taken = contenders(cost={"b": 2.0}, seconds={"b": 3.0})
    decision = reach_verdict(scores, replace(ACCURACY, limits=limits), taken).decision
    assert decision.outcome == "no winner"
    assert decision.candidates["b"] == (reason,)


def test_a_limit_on_an_unknown_cost_is_not_kept() -> None:
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER)))
    analysis = replace(ACCURACY, limits=Limits(cost_per_line=1.5))
    taken = {name: replace(each, cost_per_line=None) for name, each in contenders().items()}
    decision = reach_verdict(scores, analysis, taken).decision
    assert decision.candidates["b"] == ("cost per line is not known; at most 1.5 is allowed",)


def test_one_that_was_stopped_early_does_not_win() -> None:
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER, EQUAL), stopped_after={1: 180}))
    verdict = reach_verdict(scores, ACCURACY, contenders())
    assert verdict.decision.outcome == "no winner"
    assert verdict.effects[0].p is None
    assert verdict.effects[0].reason == "stopped early after 180 lines"
    assert "stopped early on reviews after 180 lines" in verdict.decision.candidates["b"]


def test_of_several_the_best_mean_wins_and_the_sentence_says_what_that_is_worth() -> None:
    scores = run_scores(dataset_scores(m_right=share(EQUAL, 128, BETTER, 160)))
    decision = reach_verdict(scores, ACCURACY, contenders()).decision
    assert decision.configuration == "d"
    assert "runner-up" not in decision.sentence
    scores = run_scores(dataset_scores(m_right=share(EQUAL, 128, BETTER)))
    decision = reach_verdict(scores, ACCURACY, contenders()).decision
    assert decision.configuration == "c"
    assert decision.sentence.endswith(
        " It is not shown to be better than the runner-up, variant b."
    )


def test_of_winners_that_are_equivalent_the_cheaper_or_faster_is_used() -> None:
    analysis = Analysis(objective=Objective(metric="m.right", margin=0.05))
    scores = run_scores(dataset_scores(m_right=share(EQUAL, 129, BETTER)))
    taken = contenders(cost={"c": 3.0}, seconds={"b": 3.0})
    cheap = reach_verdict(scores, analysis, taken).decision
    assert (cheap.configuration, cheap.best_by_mean) == ("b", "c")
    assert "The best mean has variant c; this one is equivalent and cheaper." in cheap.sentence
    assert cheap.candidates["c"] == (
        "better than the baseline too; equivalent to variant b and not known to be cheaper",
    )
    fast = reach_verdict(scores, replace(analysis, prefer="latency"), taken).decision
    assert fast.configuration == "c"


def test_the_cheapest_of_equals_is_used() -> None:
    analysis = Analysis(objective=Objective(metric="m.right", margin=0.05))
    scores = run_scores(dataset_scores(m_right=share(EQUAL, 99, 98, 60)))
    taken = contenders(cost={"a": 2.0, "b": 1.0, "c": 0.5, "d": 0.1})
    decision = reach_verdict(scores, analysis, taken).decision
    assert (decision.outcome, decision.configuration) == ("equivalent", "c")
    assert decision.sentence == (
        "Equivalent: use variant c, the cheapest, at 25% of the baseline's cost. It is shown to "
        "differ from the baseline by less than 5 points in m.right (200 lines)."
    )
    assert set(decision.candidates) == {"a", "b", "d"}


def test_the_baseline_stays_when_no_equal_is_cheaper() -> None:
    analysis = Analysis(objective=Objective(metric="m.right", margin=0.05))
    scores = run_scores(dataset_scores(m_right=share(EQUAL, 99)))
    decision = reach_verdict(scores, analysis, contenders()).decision
    assert (decision.outcome, decision.configuration) == ("equivalent", "a")
    assert decision.sentence == (
        "Equivalent: keep the baseline, as none of its equals is known to be cheaper. variant b is "
        "shown to differ from the baseline by less than 5 points in m.right (200 lines)."
    )


def test_an_equal_replaces_a_baseline_that_breaks_a_limit() -> None:
    analysis = Analysis(
        objective=Objective(metric="m.right", margin=0.05), limits=Limits(p95_seconds=2)
    )
    scores = run_scores(dataset_scores(m_right=share(EQUAL, 99)))
    taken = contenders(cost={"a": 0.5}, seconds={"a": 3.0})
    decision = reach_verdict(scores, analysis, taken).decision
    assert decision.configuration == "b"
    assert "at most 2" in decision.candidates["a"][0]
    assert "as the baseline breaks a limit (95th percentile" in decision.sentence


def test_few_lines_never_show_equivalence() -> None:
    analysis = Analysis(objective=Objective(metric="m.right", margin=0.05))
    scores = run_scores(dataset_scores(m_right=share(5, 5, lines=10)))
    assert reach_verdict(scores, analysis, contenders()).decision.outcome == "no winner"


def halves(chosen_on: int, held_out: int) -> list[list[float]]:
    """Return 200 lines that choose and 100 held-out ones, 50 of which the baseline gets right."""
    first, second = share(EQUAL, chosen_on), share(50, held_out, lines=100)
    return [one + other for one, other in zip(first, second, strict=True)]


@pytest.mark.parametrize(
    ("held_out", "outcome", "words"),
    [
        (65, "winner", "Held-out lines confirm it: 15 points better (100 lines, p < 0.001)"),
        (51, "no winner", "held-out lines do not confirm it: 1 point better (100 lines, p = 0.16)"),
        (40, "no winner", "held-out lines do not confirm it: 10 points worse (100 lines, p = 1)"),
    ],
)
def test_held_out_lines_have_the_last_word(held_out: int, outcome: str, words: str) -> None:
    analysis = replace(ACCURACY, holdout=Split(share=1 / 3))
    scores = run_scores(dataset_scores(m_right=halves(BETTER, held_out), held_out=range(200, 300)))
    verdict = reach_verdict(scores, analysis, contenders())
    assert verdict.decision.outcome == outcome
    assert words in verdict.decision.sentence
    assert verdict.decision.confirmed is (outcome == "winner")
    assert [effect.pairs for effect in verdict.effects] == [200]
    assert [effect.pairs for effect in verdict.confirmation] == [100]


def test_held_out_lines_do_not_choose() -> None:
    analysis = replace(ACCURACY, holdout=Split(share=1 / 3))
    scores = run_scores(dataset_scores(m_right=halves(EQUAL, 100), held_out=range(200, 300)))
    verdict = reach_verdict(scores, analysis, contenders())
    assert verdict.decision.outcome == "no winner"
    assert verdict.decision.confirmed is None
    assert verdict.confirmation == ()


def test_without_held_out_lines_nothing_is_confirmed() -> None:
    analysis = replace(ACCURACY, holdout=Split(column="part", values=("last",)))
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER)))
    decision = reach_verdict(scores, analysis, contenders()).decision
    assert (decision.outcome, decision.confirmed) == ("no winner", False)
    assert "no held-out line has a score from both" in decision.sentence


def test_numbers_that_are_no_shares_keep_their_unit() -> None:
    analysis = Analysis(objective=Objective(metric="m.stars"))
    scores = run_scores(dataset_scores(m_stars=[noisy(3.0), [*reversed(noisy(3.4))]]))
    decision = reach_verdict(scores, analysis, contenders()).decision
    assert "m.stars is 0.4 better than the baseline's on reviews (200 lines)" in decision.sentence


def test_a_metric_of_the_whole_run_decides_nothing_and_the_sentence_says_what_to_do() -> None:
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER)))
    analysis = Analysis(objective=Objective(metric="m.f1"))
    means = {"a": 0.7, "b": 0.8}
    taken = {name: replace(each, mean=means.get(name)) for name, each in contenders().items()}
    decision = reach_verdict(scores, analysis, taken, ["m.f1", "m.right"]).decision
    assert (decision.outcome, decision.best_by_mean) == ("no winner", "b")
    assert "let the evaluator output a number for each line" in decision.sentence


def test_without_an_objective_every_score_is_tested_and_nothing_wins() -> None:
    scores = run_scores(dataset_scores(m_right=share(EQUAL, BETTER), m_polite=share(180, 180)))
    verdict = reach_verdict(scores, Analysis(), contenders())
    assert [effect.role for effect in verdict.effects] == ["metric", "metric"]
    assert [effect.finding for effect in verdict.effects] == ["better", "not shown"]
    assert verdict.decision.outcome == "no winner"
    assert "names no objective" in verdict.decision.sentence


def test_without_a_baseline_nothing_is_tested() -> None:
    scores = replace(run_scores(dataset_scores(m_right=share(EQUAL, BETTER))), baseline=None)
    verdict = reach_verdict(scores, ACCURACY, contenders())
    assert verdict.effects == ()
    assert (verdict.decision.configuration, verdict.decision.best_by_mean) == (None, "b")
    assert "the run has no baseline" in verdict.decision.sentence


def test_a_dataset_on_which_every_line_failed_stands_in_the_way() -> None:
    failed = dataset_scores("y", m_right=share(0, 0))
    scores = run_scores(
        dataset_scores("x", m_right=share(EQUAL, BETTER)), replace(failed, values={})
    )
    decision = reach_verdict(scores, ACCURACY, contenders()).decision
    assert decision.outcome == "no winner"
    assert decision.candidates["b"] == ("m.right on y can't be compared: no line has a score",)


def test_without_any_score_nobody_wins() -> None:
    silent = replace(
        dataset_scores(m_right=share(EQUAL, BETTER)), values={}, evaluators=frozenset()
    )
    scores = replace(run_scores(silent, dataset_scores(x_other=share(1, 1))), datasets=(silent,))
    decision = reach_verdict(scores, ACCURACY, contenders()).decision
    assert (decision.outcome, decision.configuration) == ("no winner", "a")
    assert decision.sentence == "No winner: no line has a score."
    assert decision.candidates == {"b": ("no line has a score",)}


def test_a_baseline_alone_wins_nothing() -> None:
    decision = reach_verdict(
        run_scores(dataset_scores(m_right=share(EQUAL))), ACCURACY, contenders()
    ).decision
    assert decision.sentence == "No winner: only the baseline ran."


def test_a_leader_that_was_stopped_has_no_p_value() -> None:
    scores = run_scores(
        dataset_scores("x", m_right=share(EQUAL, 110), stopped_after={1: 180}),
        dataset_scores("y", m_right=share(EQUAL, 101)),
    )
    sentence = reach_verdict(scores, ACCURACY, contenders()).decision.sentence
    assert (
        "5 points better on x (stopped after 180 lines) and 0.5 on y (200 lines, p = 1)" in sentence
    )
