"""Turns a run's records into the numbers of its report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llmops.domain.configuration import Configuration
from llmops.domain.report import (
    Cell,
    ConfigurationReport,
    Figures,
    RunReport,
    Score,
    full_name,
    resolve_metric,
)
from llmops.summary.tally import Tally, add_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llmops.domain.analysis import Objective
    from llmops.domain.run import Metric
    from llmops.store import RunReader

PlannedTrial = dict[str, Any]
"""A trial as the manifest states it."""


def summarise(reader: RunReader) -> RunReport:
    """Return the numbers of a run as it stands; it need not be complete."""
    manifest = reader.manifest
    tallies = {trial["id"]: Tally() for trial in manifest["trials"]}
    columns = add_lines(reader.lines(), tallies)
    planned = {dataset["name"]: int(dataset["lines"]) for dataset in manifest["datasets"]}
    metrics = _by_trial(reader.metrics())
    names = list(dict.fromkeys(name for scores in metrics.values() for name in scores))
    objective = _objective(reader.analysis.objective, names)
    configurations = [
        _configuration(trials, tallies, metrics, planned, baseline=manifest["baseline"])
        for trials in _grouped(manifest["trials"], "configuration").values()
    ]
    if objective:
        names.sort(key=lambda name: name != objective.metric)
        configurations = _ranked(configurations, objective)
    return RunReport(
        run=manifest["run_id"],
        experiment=manifest["experiment"],
        created=manifest["created"],
        status=reader.status,
        currency=manifest["currency"],
        datasets=planned,
        repeats=max((trial["repeat"] for trial in manifest["trials"]), default=0) + 1,
        metrics=tuple(names),
        objective=objective,
        figures=_figures(manifest["trials"], tallies, planned),
        spent=reader.spent(),
        configurations=tuple(
            replace(configuration, key=_short_key(place))
            for place, configuration in enumerate(configurations)
        ),
        columns=columns,
        traffic_plans=reader.traffic_plans,
    )


def _configuration(
    trials: Sequence[PlannedTrial],
    tallies: Mapping[str, Tally],
    metrics: Mapping[str, Mapping[str, Metric]],
    planned: Mapping[str, int],
    *,
    baseline: str,
) -> ConfigurationReport:
    first = trials[0]
    return ConfigurationReport(
        key="",
        id=first["configuration"],
        label=first["label"],
        configuration=Configuration(variants=first["variants"], parameters=first["parameters"]),
        is_baseline=first["configuration"] == baseline,
        figures=_figures(trials, tallies, planned),
        cells=tuple(
            Cell(
                dataset=dataset,
                figures=_figures(repeats, tallies, planned),
                scores=_scores([metrics.get(trial["id"], {}) for trial in repeats]),
            )
            for dataset, repeats in _grouped(trials, "dataset").items()
        ),
    )


def _figures(
    trials: Sequence[PlannedTrial], tallies: Mapping[str, Tally], planned: Mapping[str, int]
) -> Figures:
    total = Tally()
    for trial in trials:
        total.merge(tallies[trial["id"]])
    return total.figures(sum(planned[trial["dataset"]] for trial in trials))


def _scores(repeats: Sequence[Mapping[str, Metric]]) -> dict[str, Score]:
    scores: dict[str, Score] = {}
    for name in dict.fromkeys(name for metrics in repeats for name in metrics):
        found = [metrics.get(name) for metrics in repeats]
        known = [metric for metric in found if metric]
        scores[name] = Score(
            values=tuple(metric.value if metric else None for metric in found),
            n=sum(metric.n for metric in known),
            errors=sum(metric.errors for metric in known),
            missing=sum(metric.missing for metric in known),
        )
    return scores


def _by_trial(metrics: Iterable[Metric]) -> dict[str, dict[str, Metric]]:
    by_trial: dict[str, dict[str, Metric]] = {}
    for metric in metrics:
        by_trial.setdefault(metric.trial, {})[full_name(metric.evaluator, metric.name)] = metric
    return by_trial


def _objective(stated: Objective | None, names: Sequence[str]) -> Objective | None:
    return stated and replace(stated, metric=resolve_metric(stated.metric, names))


def _ranked(
    configurations: Sequence[ConfigurationReport], objective: Objective
) -> list[ConfigurationReport]:
    """Return them best first; those without a value last; equal ones as planned."""
    sign = -1 if objective.direction == "maximize" else 1

    def rank(configuration: ConfigurationReport) -> tuple[bool, float]:
        value = configuration.value(objective.metric)
        return value is None, 0.0 if value is None else sign * value

    return sorted(configurations, key=rank)


def _grouped(trials: Iterable[PlannedTrial], part: str) -> dict[str, list[PlannedTrial]]:
    groups: dict[str, list[PlannedTrial]] = {}
    for trial in trials:
        groups.setdefault(trial[part], []).append(trial)
    return groups


def _short_key(place: int) -> str:
    """Return A, B, ... Z, AA, AB, ...

    >>> [_short_key(place) for place in (0, 25, 26)]
    ['A', 'Z', 'AA']
    """
    key = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        key = chr(ord("A") + letter) + key
    return key
