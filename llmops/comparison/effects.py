"""Each configuration against the baseline, paired by line; the whole family corrected at once.

This works on arrays alone: simulations run thousands of experiments through it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from llmops.comparison.pairing import pairs_of
from llmops.domain.comparison import Effect
from llmops.statistics import equivalence, multiplicity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from llmops.comparison.criteria import Criterion
    from llmops.comparison.pairing import Pairs
    from llmops.comparison.scores import DatasetScores, Scores
    from llmops.domain.comparison import Finding

NOT_JUDGED: Final = "no evaluator gives it on this dataset"
"""The reason of an effect that nobody asked for: such a dataset says nothing for or against."""


def effects_of(
    scores: Scores,
    criteria: Sequence[Criterion],
    *,
    confidence: float,
    aggregated: Collection[str] = (),
    configurations: Sequence[str] | None = None,
) -> tuple[Effect, ...]:
    """Return configurations x datasets x criteria, Holm-adjusted; () without a baseline.

    `aggregated` are metrics that exist for a run as a whole. `configurations` narrows the family.

    What can't be tested counts in the correction as p = 1: the family was fixed before the run.
    """
    if scores.baseline is None:
        return ()
    variants = scores.variants if configurations is None else tuple(configurations)
    single = [
        effect
        for dataset in scores.datasets
        for criterion in criteria
        for effect in _on_dataset(dataset, criterion, scores, variants, confidence, aggregated)
    ]
    metrics = [criterion.metric for criterion in criteria]
    datasets = [dataset.dataset for dataset in scores.datasets]
    single.sort(
        key=lambda effect: (
            variants.index(effect.configuration),
            datasets.index(effect.dataset),
            metrics.index(effect.metric),
        )
    )
    return adjusted(single, 1 - confidence)


def adjusted(effects: Sequence[Effect], alpha: float) -> tuple[Effect, ...]:
    """Return these effects as one family, with Holm's p-values and what they show."""
    corrected = multiplicity.holm([1.0 if each.p is None else each.p for each in effects])
    return tuple(
        replace(each, p_adjusted=p, finding=_finding(each, p, alpha))
        if each.p is not None
        else each
        for each, p in zip(effects, corrected, strict=True)
    )


def _on_dataset(
    dataset: DatasetScores,
    criterion: Criterion,
    scores: Scores,
    variants: Sequence[str],
    confidence: float,
    aggregated: Collection[str],
) -> Iterator[Effect]:
    baseline = scores.configurations.index(scores.baseline or "")
    metric = criterion.metric
    for name in variants:
        place = scores.configurations.index(name)
        stopped = dataset.stopped_after.get(place)
        blank = _untested(name, dataset, criterion, stopped)
        if metric not in dataset.values:
            yield replace(blank, reason=_why_no_scores(dataset, metric, aggregated))
            continue
        tested = _tested(blank, dataset, criterion, (baseline, place), confidence)
        if stopped is not None:  # the p-value of a look that was chosen by its result is no p-value
            reason = f"stopped early after {stopped} lines"
            tested = replace(tested, p=None, p_margin=None, reason=reason)
        yield tested


def _tested(
    blank: Effect,
    dataset: DatasetScores,
    criterion: Criterion,
    places: tuple[int, int],
    confidence: float,
) -> Effect:
    pairs = pairs_of(dataset, criterion.metric, *places)
    found = pairs.test(confidence)
    if not found.pairs:
        return replace(blank, reason="no line has a score from both")
    wins, losses = (found.wins, found.losses)[:: criterion.sign]
    return replace(
        blank,
        kind="binary" if dataset.is_binary(criterion.metric) else "numeric",
        pairs=found.pairs,
        wins=wins,
        losses=losses,
        ties=found.ties,
        baseline_value=float(pairs.first.mean()),
        value=float(pairs.second.mean()),
        difference=found.difference,
        interval=found.interval,
        test=found.test,
        p=found.p,
        p_margin=_p_margin(pairs, criterion),
    )


def _p_margin(pairs: Pairs, criterion: Criterion) -> float | None:
    if criterion.margin is None:
        return None
    test = equivalence.tost if criterion.role == "objective" else equivalence.non_inferiority
    return test(pairs.improvements(criterion), pairs.groups, criterion.margin)


def _finding(effect: Effect, p: float, alpha: float) -> Finding:
    if p > alpha or not effect.improvement:
        return "not shown"
    return "better" if effect.improvement > 0 else "worse"


def _untested(
    configuration: str, dataset: DatasetScores, criterion: Criterion, stopped: int | None
) -> Effect:
    return Effect(
        configuration=configuration,
        dataset=dataset.dataset,
        metric=criterion.metric,
        role=criterion.role,
        direction=criterion.direction,
        kind="numeric",
        pairs=0,
        wins=0,
        losses=0,
        ties=0,
        baseline_value=None,
        value=None,
        difference=None,
        interval=None,
        test="",
        p=None,
        p_adjusted=None,
        finding="not shown",
        margin=criterion.margin,
        stopped_after=stopped,
    )


def _why_no_scores(dataset: DatasetScores, metric: str, aggregated: Collection[str]) -> str:
    if metric in aggregated:
        return (
            "one number for the whole run: differences between lines can't be tested; "
            "let the evaluator output a number for each line"
        )
    if not dataset.is_judged_by(metric):
        return NOT_JUDGED
    return "no line has a score"
