"""Made-up comparisons, in the form that real ones have, for tests of what renders or judges them.

Their configurations and datasets are those of `fake_runs.write_run` with the same arguments.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fake_runs import BASELINE, LABELS, configurations

from llmops.domain.analysis import Analysis, Guardrail, Limits, Objective
from llmops.domain.choices import short_names
from llmops.domain.comparison import (
    Comparison,
    Decision,
    Effect,
    Estimate,
    Family,
    GuardrailCheck,
    Interval,
    Noise,
)
from llmops.domain.description import Confusion, Improvements, Regression, Slice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.comparison import Outcome

OBJECTIVE = "exact.accuracy"
GUARDRAIL = "style.words"
ANALYSIS = Analysis(
    objective=Objective(metric=OBJECTIVE, margin=0.02),
    guardrails=(Guardrail(metric=GUARDRAIL, direction="minimize", margin=5.0),),
    limits=Limits(cost_per_line=0.001),
    slices=("label",),
)
LINES = 200
ACCURACY = (0.70, 0.82, 0.725, 0.66, 0.71, 0.69, 0.73, 0.70, 0.68, 0.72, 0.715, 0.695)
WORDS = (40.0, 41.0, 47.5, 38.0, 40.5, 42.0, 39.0, 41.5, 40.0, 39.5, 43.0, 40.2)


def fake_comparison(
    outcome: Outcome = "winner",
    *,
    count: int = 4,
    datasets: Sequence[str] = ("reviews",),
    regressions: int = 12,
) -> Comparison:
    """Return a comparison of `count` configurations with the baseline first.

    The second is 12 points better than the baseline where `outcome` is `winner`, and otherwise
    2.5 points without significance; the third breaks the guardrail; the fourth was stopped early
    in racing after 60 lines.
    """
    chosen = configurations(count)
    ids = tuple(configuration.id for configuration in chosen)
    variants = ids[1:]
    accuracy = ACCURACY if outcome == "winner" else (0.70, 0.725, *ACCURACY[2:])
    return Comparison(
        analysis=ANALYSIS,
        baseline=BASELINE.id,
        labels={configuration.id: configuration.label for configuration in chosen},
        names=short_names(
            {configuration.id: configuration for configuration in chosen}, BASELINE.id
        ),
        estimates=tuple(
            estimate(name, dataset, metric, values[place], 60 if place == 3 else None)
            for place, name in enumerate(ids)
            for dataset in datasets
            for metric, values in ((OBJECTIVE, accuracy), (GUARDRAIL, WORDS))
        ),
        effects=tuple(
            effect(name, dataset, metric, values[0], values[place], 60 if place == 3 else None)
            for place, name in enumerate(ids)
            if place
            for dataset in datasets
            for metric, values in ((OBJECTIVE, accuracy), (GUARDRAIL, WORDS))
        ),
        confirmation=(),
        family=Family(
            method="Holm",
            alpha=ANALYSIS.alpha,
            configurations=variants,
            datasets=tuple(datasets),
            metrics=(OBJECTIVE, GUARDRAIL),
        ),
        guardrails=tuple(
            guardrail(name, dataset, kept=place != 2)
            for place, name in enumerate(ids)
            if place
            for dataset in datasets
        ),
        slices=tuple(
            Slice(
                column="label",
                value=value,
                dataset=dataset,
                configuration=name,
                metric=OBJECTIVE,
                direction="maximize",
                lines=64 + 4 * place,
                n=63 + 4 * place,
                score=0.55 + 0.1 * place,
                baseline_score=0.65 + 0.05 * place,
                difference=-0.1 + 0.05 * place,
                interval=Interval(low=-0.2 + 0.05 * place, high=0.05 * place, method="t"),
            )
            for place, value in enumerate(LABELS)
            for dataset in datasets
            for name in variants[:2]
        ),
        regressions=tuple(
            Regression(
                configuration=variants[place % len(variants)],
                dataset=dataset,
                line=place,
                metric=OBJECTIVE,
                baseline=1.0,
                score=0.0,
            )
            for dataset in datasets
            for place in range(regressions)
        ),
        improvements=tuple(
            Improvements(
                configuration=name,
                dataset=dataset,
                metric=OBJECTIVE,
                lines=tuple(range(regressions, 2 * regressions)),
            )
            for dataset in datasets
            for name in variants[:1]
        ),
        confusions=tuple(
            Confusion(
                configuration=name,
                dataset=dataset,
                labels=LABELS,
                counts={
                    (expected, predicted): 52 if expected == predicted else 7
                    for expected in LABELS
                    for predicted in LABELS
                },
            )
            for name in ids
            for dataset in datasets
        ),
        decision=decision(outcome, ids),
        saved_by_racing=(LINES - 60) * len(datasets) if count > 3 else 0,
        calls_saved_by_racing=2 * (LINES - 60) * len(datasets) if count > 3 else 0,
    )


def without_objective(comparison: Comparison) -> Comparison:
    """Return it as it is when the experiment names no objective: every metric is only tested."""
    return replace(
        comparison,
        analysis=Analysis(),
        effects=tuple(
            replace(each, role="metric", margin=None, p_margin=None) for each in comparison.effects
        ),
        guardrails=(),
        slices=(),
        regressions=(),
        improvements=(),
        decision=Decision(
            outcome="no winner",
            configuration=comparison.baseline,
            best_by_mean=None,
            sentence="No winner: the experiment names no objective.",
            candidates={},
        ),
    )


def estimate(
    configuration: str, dataset: str, metric: str, value: float, stopped: int | None = None
) -> Estimate:
    """Return an estimate with two errors and one missing line."""
    binary = metric == OBJECTIVE
    lines = stopped or LINES
    half = 0.06 if binary else 1.5
    return Estimate(
        configuration=configuration,
        dataset=dataset,
        metric=metric,
        kind="binary" if binary else "numeric",
        value=value,
        interval=Interval(
            low=value - half, high=value + half, method="Wilson" if binary else "BCa bootstrap"
        ),
        n=lines - 3,
        errors=2,
        missing=LINES - lines + 1,
        clusters=lines - 3,
        noise=Noise(lines=0.4 if binary else 8.0, model=0.2 if binary else 3.0),
        stopped_after=stopped,
    )


def effect(
    configuration: str,
    dataset: str,
    metric: str,
    baseline: float,
    value: float,
    stopped: int | None = None,
) -> Effect:
    """Return an effect; an objective's is significant from 10 points on."""
    binary = metric == OBJECTIVE
    pairs = (stopped or LINES) - 4
    difference = value - baseline
    net = round(difference * pairs) if binary else round(-8 * difference)
    half = 0.07 if binary else 1.2
    shown = binary and abs(difference) > 0.1
    p = None if stopped else 0.0004 if shown else 0.31
    return Effect(
        configuration=configuration,
        dataset=dataset,
        metric=metric,
        role="objective" if binary else "guardrail",
        direction="maximize" if binary else "minimize",
        kind="binary" if binary else "numeric",
        pairs=pairs,
        wins=14 + max(net, 0),
        losses=14 + max(-net, 0),
        ties=pairs - 28 - abs(net),
        baseline_value=baseline,
        value=value,
        difference=difference,
        interval=Interval(
            low=difference - half,
            high=difference + half,
            method="Newcombe" if binary else "t",
        ),
        test="McNemar exact" if binary else "permutation",
        p=p,
        p_adjusted=None if p is None else min(1.0, 6 * p),
        finding=("better" if difference > 0 else "worse") if shown else "not shown",
        margin=0.02 if binary else 5.0,
        p_margin=None if stopped else 0.4 if binary or value > 45 else 0.001,
        stopped_after=stopped,
        reason=f"stopped early after {stopped} lines" if stopped else "",
    )


def guardrail(configuration: str, dataset: str, *, kept: bool) -> GuardrailCheck:
    """Return what a guardrail check says when kept, and when not."""
    seen = "1 more (p = 0.001)" if kept else "7.5 more (p = 0.4)"
    verdict = "at most 5 worse is shown" if kept else "at most 5 worse is not shown"
    return GuardrailCheck(
        configuration=configuration,
        dataset=dataset,
        metric=GUARDRAIL,
        kept=kept,
        sentence=f"{GUARDRAIL} on {dataset}: {verdict}; {seen}, 196 lines",
    )


def decision(outcome: Outcome, ids: Sequence[str]) -> Decision:
    """Return a decision; the second configuration is the best by mean."""
    baseline, best, *others = ids
    reasons = dict.fromkeys(others, ("not shown to be better on any dataset",))
    if outcome == "winner":
        sentence = (
            "Use long: exact.accuracy is 12 points better (196 lines), significant after 6 tests."
        )
        reasons |= {baseline: ("the winner is shown to be better",)}
        return Decision(
            outcome=outcome,
            configuration=best,
            best_by_mean=best,
            sentence=sentence,
            candidates=reasons,
        )
    sentence = "No winner: keep the baseline; 2.5 points more accuracy may be chance (p = 1)."
    if outcome == "equivalent":
        sentence = "Equivalent within 2 points: keep the baseline, the cheapest of the equals."
    return Decision(
        outcome=outcome,
        configuration=baseline,
        best_by_mean=best,
        sentence=sentence,
        candidates={best: ("not shown to be better on any dataset",), **reasons},
    )
