"""Who is stopped when, on made-up scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from llmops.domain.analysis import Analysis, Racing
from llmops.domain.call import Usage
from llmops.domain.configuration import Configuration
from llmops.domain.run import Evaluation, LineError, LineRecord, LineResult, Trial
from llmops.errors import FlowError
from llmops.executors.batches import lay_out
from llmops.executors.race_scores import Rules
from llmops.executors.racing import Course, Race

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from llmops.executors.local import Job

BASELINE, OTHER, THIRD = (Configuration(variants={"v": name}) for name in "abc")
RACING = Racing(batch=20)


def no_jobs(lines: Sequence[int], configurations: Collection[str]) -> tuple[Job, ...]:
    del lines, configurations
    return ()


def result(score: object, *, failed: bool = False) -> LineResult:
    return LineResult(
        outputs={},
        seconds=0.0,
        usage=Usage(),
        calls=0,
        paid_calls=0,
        cost=None,
        error=LineError(node="n", kind="timeout", message="") if failed else None,
        evaluations={} if failed else {"judge": Evaluation(outputs={"score": score})},
    )


class Track:
    """A race on datasets of 60 equal lines; `run` gives every configuration a constant score."""

    def __init__(
        self,
        *,
        racing: Racing = RACING,
        direction: Literal["maximize", "minimize"] = "maximize",
        configurations: Sequence[Configuration] = (BASELINE, OTHER),
        datasets: Sequence[str] = ("d",),
        repeats: int = 1,
        stopped: Mapping[tuple[str, str], int] | None = None,
        group: str = "",
    ) -> None:
        self.trials = [
            Trial(configuration=each, dataset=dataset, repeat=repeat)
            for dataset in datasets
            for repeat in range(repeats)
            for each in configurations
        ]
        rules = Rules(
            racing=racing,
            evaluator="judge",
            output="score",
            direction=direction,
            baseline=BASELINE.id,
            alpha=0.05,
        )
        self.race = Race(rules, self.trials, stopped)
        rows = ({"group": str(line % 6)} for line in range(60))
        self.batches = lay_out(rows, Analysis(group=group), racing.batch)

    def run(
        self, scores: Mapping[tuple[str, int], LineResult], dataset: str = "d"
    ) -> dict[str, int]:
        """Return the stops of the dataset; `scores` by variant and repeat."""
        course = Course(dataset=dataset, batches=self.batches, jobs=no_jobs)
        found: dict[str, int] = {}
        lines = 0
        for batch in self.batches.raced:
            for line in (line for unit in batch for line in unit):
                for repeat in {each.repeat for each in self.trials}:
                    results = {
                        each.id: scores[each.configuration.variants["v"], repeat]
                        for each in self.trials
                        if (each.dataset, each.repeat) == (dataset, repeat)
                    }
                    self.race.scores.add(
                        LineRecord(
                            dataset=dataset, line=line, repeat=repeat, data={}, results=results
                        )
                    )
            lines += sum(map(len, batch))
            for stop in self.race.look(course, batch, lines):
                found[stop.configuration] = stop.lines
        return found


def test_a_worse_variant_stops_at_the_first_look_that_shows_it() -> None:
    track = Track()
    assert track.run({("a", 0): result(True), ("b", 0): result(False)}) == {OTHER.id: 20}
    assert track.race.living("d") == {BASELINE.id}


@pytest.mark.parametrize("score", [True, None, float("nan")])
def test_equal_and_missing_scores_stop_nobody(score: object) -> None:
    assert Track().run({("a", 0): result(True), ("b", 0): result(score)}) == {}


def test_failed_lines_are_no_evidence() -> None:
    assert Track().run({("a", 0): result(True), ("b", 0): result(None, failed=True)}) == {}


def test_less_may_be_better() -> None:
    racing = Racing(batch=20, low=0, high=10)
    scores = {("a", 0): result(2), ("b", 0): result(9)}
    assert Track(racing=racing).run(scores) == {}
    assert Track(racing=racing, direction="minimize").run(scores) == {OTHER.id: 20}


def test_a_line_counts_once_with_the_mean_of_its_repeats() -> None:
    scores = {(v, repeat): result(True) for v in "ab" for repeat in (0, 1)}
    track = Track(repeats=2)
    mixed = {**scores, ("b", 1): result(False)}
    halves = {("a", 0): result(1.0), ("b", 0): result(0.5)}
    assert track.run(mixed) == Track().run(halves) == {OTHER.id: 20}


def test_lines_of_a_group_are_one_piece_of_evidence() -> None:
    scores = {("a", 0): result(True), ("b", 0): result(False)}
    assert Track(group="group").run(scores) == {}, "six groups are too few"


def test_the_whole_family_shares_the_error_rate() -> None:
    """Ten losses are p = 0.006: enough for one hypothesis, too little for twenty."""
    scores = {(v, 0): result(v != "b") for v in "abc"}
    racing = Racing(batch=10)
    alone = Track(racing=racing).run(scores)
    several = Track(
        racing=racing, configurations=(BASELINE, OTHER, THIRD), datasets=("d", *"efghijklm")
    ).run(scores)
    assert alone == {OTHER.id: 10}
    assert several == {OTHER.id: 20}


def test_a_recorded_stop_stands_and_is_not_told_again() -> None:
    track = Track(stopped={("d", OTHER.id): 40})
    assert track.run({("a", 0): result(True), ("b", 0): result(True)}) == {}
    assert track.race.living("d") == {BASELINE.id}


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (7, r"d, line \d+: judge.score is 7; racing needs 0 to 1, as search.low and search.high"),
        (float("inf"), "judge.score is inf; racing needs 0 to 1"),
        ("good", "judge.score is 'good'; racing needs a number for every line"),
    ],
)
def test_a_score_that_cannot_count_is_told_with_its_line(score: object, message: str) -> None:
    with pytest.raises(FlowError, match=message):
        Track().run({("a", 0): result(True), ("b", 0): result(score)})
