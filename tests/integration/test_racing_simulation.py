"""Hundreds of made-up races: how often something is stopped wrongly, and what stopping saves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from llmops.domain.analysis import Analysis, Racing
from llmops.domain.call import Usage
from llmops.domain.configuration import Configuration
from llmops.domain.run import Evaluation, LineRecord, LineResult, Trial
from llmops.executors.batches import lay_out
from llmops.executors.race_scores import Rules
from llmops.executors.racing import Course, Race
from llmops.statistics import paired
from llmops.statistics.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from llmops.executors.local import Job

ALPHA = 0.05
LINES = 200
DATASETS = ("first", "second")
BATCHES = lay_out(({"number": line} for line in range(LINES)), Analysis(), batch=20)
WRONG, RIGHT = (
    LineResult(
        outputs={},
        seconds=0.0,
        usage=Usage(),
        calls=1,
        paid_calls=1,
        cost=None,
        evaluations={"match": Evaluation(outputs={"correct": correct})},
    )
    for correct in (False, True)
)

Place = tuple[str, int]
"""Dataset and number of the variant; 0 is the baseline."""


@dataclass(frozen=True, kw_only=True)
class Finish:
    """One race: what was stopped after how many lines, and what is better with and without it."""

    stopped: Mapping[Place, int]
    better: frozenset[Place]
    better_without: frozenset[Place]

    @property
    def saved(self) -> int:
        """Return the line results that never had to run."""
        return sum(LINES - lines for lines in self.stopped.values())


def run_race(skills: Sequence[float], seed: int) -> Finish:
    """Race variants that are right on these shares of the lines; the first is the baseline."""
    scores = drawn(skills, seed)
    configurations = [Configuration(variants={"v": str(each)}) for each in range(len(skills))]
    trials = {
        (dataset, number): Trial(configuration=configuration, dataset=dataset)
        for dataset in DATASETS
        for number, configuration in enumerate(configurations)
    }
    ids = {place: trial.id for place, trial in trials.items()}
    places = {(each.dataset, each.configuration.id): place for place, each in trials.items()}
    rules = Rules(
        racing=Racing(),
        evaluator="match",
        output="correct",
        direction="maximize",
        baseline=configurations[0].id,
        alpha=ALPHA,
    )
    race = Race(rules, trials.values())
    stopped: dict[Place, int] = {}
    for dataset in DATASETS:
        course = Course(dataset=dataset, batches=BATCHES, jobs=no_jobs)
        for look, batch in enumerate(BATCHES.raced[:-1], start=1):
            for (line,) in batch:
                results = {
                    ids[dataset, number]: RIGHT if right[line] else WRONG
                    for number, right in enumerate(scores[dataset])
                }
                race.scores.add(
                    LineRecord(dataset=dataset, line=line, repeat=0, data={}, results=results)
                )
            for stop in race.look(course, batch, look * len(batch)):
                stopped[places[dataset, stop.configuration]] = stop.lines
    without = better(scores, {})
    return Finish(
        stopped=stopped,
        better=better(scores, stopped) if stopped else without,
        better_without=without,
    )


def no_jobs(lines: Sequence[int], configurations: Collection[str]) -> tuple[Job, ...]:
    del lines, configurations
    return ()


def drawn(skills: Sequence[float], seed: int) -> dict[str, NDArray[np.bool_]]:
    """Return by dataset who is right where; a line is easier or harder for all variants alike."""
    random = np.random.default_rng(seed)
    # Two standard normal parts, added: the threshold of a share is that of a spread of sqrt(2).
    thresholds = np.array([[2**0.5 * NormalDist().inv_cdf(skill)] for skill in skills])
    shape = len(skills), LINES
    return {
        dataset: random.normal(size=LINES) + random.normal(size=shape) < thresholds
        for dataset in DATASETS
    }


def better(
    scores: Mapping[str, NDArray[np.bool_]], stopped: Mapping[Place, int]
) -> frozenset[Place]:
    """Return what the tests at the end call better than the baseline; a stopped one has p = 1."""
    found = {
        (dataset, number): paired.test_binary(1.0 * right[0], 1.0 * other, None, 1 - ALPHA)
        for dataset, right in scores.items()
        for number, other in enumerate(right[1:], start=1)
    }
    adjusted = holm(
        [1.0 if place in stopped or each.p is None else each.p for place, each in found.items()]
    )
    return frozenset(
        place
        for (place, each), p in zip(found.items(), adjusted, strict=True)
        if p <= ALPHA and each.wins > each.losses
    )


def allowed(races: int) -> float:
    """Return the rate that a true rate of ALPHA does not exceed but in 1 of 1,000 simulations."""
    return ALPHA + NormalDist().inv_cdf(0.999) * (ALPHA * (1 - ALPHA) / races) ** 0.5


def test_equal_variants_are_rarely_stopped_and_rarely_win() -> None:
    races = 2_000
    finishes = [run_race([0.7] * 6, seed) for seed in range(races)]
    stopped = sum(bool(each.stopped) for each in finishes) / races
    won = sum(bool(each.better) for each in finishes) / races
    assert stopped <= allowed(races)
    assert won <= allowed(races)
    assert all(each.better <= each.better_without for each in finishes)


def test_hopeless_variants_stop_early_and_the_good_one_wins_as_often_as_ever() -> None:
    races = 500
    good, equal, worse, hopeless = 1, 2, 3, 4
    finishes = [run_race([0.7, 0.85, 0.7, 0.5, 0.3], seed) for seed in range(races)]
    stops = Counter(number for each in finishes for _, number in each.stopped)
    wrongly = sum(any(n in {good, equal} for _, n in each.stopped) for each in finishes) / races
    assert wrongly <= allowed(races)
    assert stops[hopeless] == races * len(DATASETS)
    assert stops[worse] > 0.9 * races * len(DATASETS)
    saved = sum(each.saved for each in finishes) / (races * len(DATASETS) * LINES * 4)
    assert saved > 0.3, "of what the four variants would have run, with two of them hopeless"
    raced, whole = (
        sum(number == good for each in found for _, number in each)
        for found in ([x.better for x in finishes], [x.better_without for x in finishes])
    )
    assert whole > 0.7 * races * len(DATASETS)
    assert raced > 0.95 * whole
