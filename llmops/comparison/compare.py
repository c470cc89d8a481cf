"""A run's comparison: read once, computed on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison.confusion import confusions_of
from llmops.comparison.estimates import estimates_of
from llmops.comparison.evidence import Contender
from llmops.comparison.reading import read_scores
from llmops.comparison.regressions import improvements_of, regressions_of
from llmops.comparison.slices import questions_of, slices_of
from llmops.comparison.verdict import reach_verdict
from llmops.domain.choices import short_names
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
    names = short_names(
        {name: each.configuration for name, each in configurations.items()}, scores.baseline
    )
    contenders = {
        name: _contender(each, report, names[name]) for name, each in configurations.items()
    }
    verdict = reach_verdict(scores, analysis, contenders, report.metrics)
    choosing = scores.side(held_out=False)
    return Comparison(
        analysis=analysis,
        baseline=scores.baseline,
        labels={name: each.label for name, each in configurations.items()},
        names=names,
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
        slices=slices_of(choosing, questions_of(analysis, choosing.metrics()), analysis.confidence),
        regressions=regressions_of(choosing, verdict.criteria),
        improvements=improvements_of(choosing, verdict.criteria),
        confusions=confusions_of(choosing),
        decision=verdict.decision,
        saved_by_racing=_saved_by_racing(scores),
        calls_saved_by_racing=report.calls_spared(reader.stopped().keys()),
    )


def _contender(configuration: ConfigurationReport, report: RunReport, name: str) -> Contender:
    figures = configuration.figures
    return Contender(
        name=name,
        cost_per_line=figures.cost_per_line,
        p95_seconds=figures.p95,
        mean=configuration.value(report.objective.metric) if report.objective else None,
    )


def _saved_by_racing(scores: Scores) -> int:
    """Return the line results, repeats included, that stopped configurations never had to give.

    Held-out lines come last in a race, so a stopped configuration is spared all of them.
    """
    return sum(
        (len(dataset.lines) - stopped) * dataset.repeats
        for dataset in scores.datasets
        for stopped in dataset.stopped_after.values()
    )
