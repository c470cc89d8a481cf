"""One run against another: what has changed, line by line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llmops.comparison.compare import compare
from llmops.comparison.criteria import criteria_of
from llmops.comparison.effects import adjusted, effects_of
from llmops.comparison.reading import read_scores
from llmops.comparison.scores import Scores
from llmops.domain.choices import short_names
from llmops.domain.comparison import Family, RunComparison
from llmops.domain.configuration import Configuration
from llmops.domain.report import full_name
from llmops.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmops.comparison.scores import DatasetScores, Floats
    from llmops.store import RunReader


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A run as this module needs it; the scores are without held-out lines."""

    reader: RunReader
    id: str
    configurations: Mapping[str, Configuration]
    scores: Scores
    metrics: tuple[str, ...]
    files: Mapping[str, str]
    """Dataset to the sha256 of its file."""

    def dataset(self, name: str) -> DatasetScores:
        return next(each for each in self.scores.datasets if each.dataset == name)


def compare_runs(first: RunReader, second: RunReader) -> RunComparison:
    """Return the effects of the second run against the first, by the second's analysis plan.

    A configuration is compared with its own id in the first run. Where the runs have none in
    common, the configuration that each run's decision names is taken. Lines pair where dataset,
    sha256 of its file and line number agree; held-out lines of either run are left out.
    """
    before, after = _opened(first), _opened(second)
    matches = _matches(before, after)
    shared = [name for name, sha in after.files.items() if before.files.get(name) == sha]
    configurations = {**before.configurations, **after.configurations}
    names = short_names(configurations, baseline=None)
    analysis = second.analysis
    per_line = after.scores.metrics()
    criteria = criteria_of(analysis, per_line, after.metrics)
    aggregated = frozenset(after.metrics).difference(per_line)
    pairs = [_side_by_side(before, after, match, shared) for match in matches.items()]
    effects = [
        replace(effect, configuration=pair.configurations[1])
        for pair in pairs
        for effect in effects_of(
            pair, criteria, confidence=analysis.confidence, aggregated=aggregated
        )
    ]
    return RunComparison(
        first=before.id,
        second=after.id,
        labels={key: each.label for key, each in configurations.items()},
        names=names,
        matches=matches,
        effects=adjusted(effects, analysis.alpha),
        family=Family(
            method="Holm",
            alpha=analysis.alpha,
            configurations=tuple(matches),
            datasets=tuple(shared),
            metrics=tuple(criterion.metric for criterion in criteria),
        ),
        notes=tuple(_notes(before, after, matches, names)),
    )


def _opened(reader: RunReader) -> _Run:
    manifest = reader.manifest
    configurations = {
        trial["configuration"]: Configuration(
            variants=trial["variants"], parameters=trial["parameters"]
        )
        for trial in manifest["trials"]
    }
    return _Run(
        reader=reader,
        id=manifest["run_id"],
        configurations=configurations,
        scores=read_scores(reader, tuple(configurations)).side(held_out=False),
        metrics=tuple(
            dict.fromkeys(full_name(each.evaluator, each.name) for each in reader.metrics())
        ),
        files={dataset["name"]: dataset["sha256"] for dataset in manifest["datasets"]},
    )


def _matches(before: _Run, after: _Run) -> dict[str, str]:
    same = {name: name for name in after.configurations if name in before.configurations}
    if same:
        return same
    chosen = [
        compare(run.reader, summarise(run.reader)).decision.configuration for run in (before, after)
    ]
    return {chosen[1]: chosen[0]} if chosen[0] and chosen[1] else {}


def _side_by_side(before: _Run, after: _Run, match: tuple[str, str], shared: list[str]) -> Scores:
    """Return two configurations as if one run had both, the first run's as the baseline."""
    new, old = match
    places = before.scores.configurations.index(old), after.scores.configurations.index(new)
    return Scores(
        configurations=(f"{before.id}/{old}", new),
        baseline=f"{before.id}/{old}",
        datasets=tuple(
            _joined(before.dataset(name), after.dataset(name), places) for name in shared
        ),
    )


def _joined(before: DatasetScores, after: DatasetScores, places: tuple[int, int]) -> DatasetScores:
    lines, first, second = np.intersect1d(before.lines, after.lines, return_indices=True)
    stops = [
        run.stopped_after.get(place) for run, place in zip((before, after), places, strict=True)
    ]
    stopped = [stop for stop in stops if stop is not None]
    return replace(
        after,
        lines=lines,
        held_out=np.zeros(len(lines), dtype=np.bool_),
        values={
            metric: _stacked(before.values[metric][places[0], first], values[places[1], second])
            for metric, values in after.values.items()
            if metric in before.values
        },
        errors={},
        groups=None if after.groups is None else after.groups[second],
        columns={},
        labels=(),
        stopped_after={1: min(stopped)} if stopped else {},
    )


def _stacked(first: Floats, second: Floats) -> Floats:
    """Return both as 2 x lines x repeats; the one with fewer repeats misses some."""
    stacked = np.full((2, len(first), max(first.shape[1], second.shape[1])), np.nan)
    stacked[0, :, : first.shape[1]] = first
    stacked[1, :, : second.shape[1]] = second
    return stacked


def _notes(
    before: _Run, after: _Run, matches: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[str]:
    if not matches:
        yield "No configuration is in both runs, and a run names none to use: nothing to compare."
    elif any(new != old for new, old in matches.items()):
        yield (
            "No configuration is in both runs: compared are those that the runs' decisions name, "
            f"{names[next(iter(matches.values()))]} in {before.id} and "
            f"{names[next(iter(matches))]} in {after.id}."
        )
    for name, sha in after.files.items():
        if name not in before.files:
            yield f"{name}: {before.id} has no dataset of this name."
        elif before.files[name] != sha:
            yield (
                f"{name}: the files differ (sha256 {before.files[name][:8]} and {sha[:8]}), so "
                "their lines can't be paired."
            )
    for name in before.files:
        if name not in after.files:
            yield f"{name}: {after.id} has no dataset of this name."
