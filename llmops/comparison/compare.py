"""A run's comparison: read once, computed on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison.confusion import confusions_of
from llmops.comparison.estimates import estimates_of
from llmops.comparison.evidence import Contender
from llmops.comparison.reading import read_scores
from llmops.comparison.regressions import regressions_of
from llmops.comparison.slices import slices_of
from llmops.comparison.verdict import reach_verdict
from llmops.domain.comparison import Comparison, Family

if TYPE_CHECKING:
    from llmops.comparison.scores import Scores
    from llmops.domain.report import ConfigurationReport, RunReport
    from llmops.store import RunReader


def compare(reader: RunReader, report: RunReport) -> Comparison:
    """Return the run's statistics, with the configurations in the order of its report.

    Held-out lines count in `confirmation` only.
    """
    analysis = reader.analysis
    configurations = {each.id: each for each in report.configurations}
    scores = read_scores(reader, tuple(configurations))
    contenders = {name: _contender(each, report) for name, each in configurations.items()}
    verdict = reach_verdict(scores, analysis, contenders, report.metrics)
    choosing = scores.side(held_out=False)
    objectives = [each for each in verdict.criteria if each.role == "objective"]
    return Comparison(
        analysis=analysis,
        baseline=scores.baseline,
        labels={name: each.label for name, each in contenders.items()},
        estimates=estimates_of(choosing, analysis.confidence),
        effects=verdict.effects,
        confirmation=verdict.confirmation,
        family=Family(
            method="Holm",
            alpha=analysis.alpha,
            configurations=scores.variants if scores.baseline else (),
            datasets=tuple(dataset.dataset for dataset in scores.datasets),
            metrics=tuple(criterion.metric for criterion in verdict.criteria),
        ),
        guardrails=verdict.guardrails,
        slices=tuple(
            each
            for objective in objectives
            for each in slices_of(choosing, objective, analysis.confidence)
        ),
        regressions=regressions_of(choosing, verdict.criteria),
        confusions=confusions_of(choosing),
        decision=verdict.decision,
        saved_by_racing=_saved_by_racing(scores),
    )


def _contender(configuration: ConfigurationReport, report: RunReport) -> Contender:
    figures = configuration.figures
    return Contender(
        label=configuration.label,
        cost_per_line=figures.cost_per_line,
        p95_seconds=figures.p95,
        mean=configuration.value(report.objective.metric) if report.objective else None,
    )


def _saved_by_racing(scores: Scores) -> int:
    """Return the line results, repeats included, that stopped configurations never had to give."""
    return sum(
        (len(dataset.lines) - stopped) * dataset.repeats
        for dataset in scores.datasets
        for stopped in dataset.stopped_after.values()
    )
