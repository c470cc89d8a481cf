"""Racing on a flow whose variants are of known skill; the provider counts."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from race_project import LINES, make_race

from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from pathlib import Path

    from llm_stub import LLMStub
    from sample_project import Project

IDS = ("id", "configuration")
RACING = ("run", "experiments/race", "--set", "search=racing")


@pytest.fixture
def race(tmp_path: Path, stub: LLMStub) -> Project:
    return make_race(tmp_path, stub)


def variants(run: RunReader) -> dict[str, str]:
    """Return the variant of `ask` by trial and by configuration."""
    trials = run.manifest["trials"]
    return {trial[key]: trial["variants"]["ask"] for trial in trials for key in IDS}


def stops(run: Path) -> dict[str, int]:
    """Return the stopped variants with the lines looked at."""
    reader = RunReader(run)
    return {variants(reader)[who]: lines for (_, who), lines in reader.stopped().items()}


def answers(run: Path) -> dict[tuple[str, int], object]:
    """Return what each variant said on each line."""
    reader = RunReader(run)
    return {
        (variants(reader)[trial], record.line): result.outputs["label"]
        for record in reader.lines()
        for trial, result in record.results.items()
    }


def test_the_bad_variant_stops_and_the_others_answer_as_ever(race: Project, stub: LLMStub) -> None:
    done = race.llmops(*RACING)
    assert done.returncode == 0, done.stderr
    ((variant, lines),) = stops(race.runs[0]).items()
    assert variant == "bad"
    assert lines % 20 == 0
    assert 0 < lines < LINES
    assert stub.answered == LINES * (1 + 3) + lines
    whole = race.llmops("run", "experiments/race")
    assert whole.returncode == 0, whole.stderr
    reader = RunReader(race.runs[0])
    saved = summarise(reader).calls_spared(reader.stopped().keys())
    assert stub.answered == 2 * LINES * (1 + 4) - saved
    raced, everything = (answers(run) for run in race.runs)
    assert raced.items() <= everything.items()
    assert Counter(name for name, _ in everything.keys() - raced.keys()) == {"bad": LINES - lines}


def test_lines_that_never_ran_are_missing(race: Project) -> None:
    assert race.llmops(*RACING).returncode == 0
    (run,) = race.runs
    reader = RunReader(run)
    counts = {variants(reader)[each.trial]: (each.n, each.missing) for each in reader.metrics()}
    lines = stops(run)["bad"]
    whole = dict.fromkeys(("usual", "good", "equal"), (LINES, 0))
    assert counts == {**whole, "bad": (lines, LINES - lines)}
    assert reader.status == "completed"


def test_whatever_a_kill_leaves_ends_in_the_same_stops(race: Project, stub: LLMStub) -> None:
    assert race.llmops(*RACING).returncode == 0
    (run,) = race.runs
    path, paid = run / "run.jsonl", stub.answered
    whole, expected, said = path.read_bytes(), stops(run), answers(run)
    records = whole.splitlines(keepends=True)
    event = next(n for n, each in enumerate(records) if json.loads(each).get("event") == "stopped")
    for kept in (1, event // 2, event, event + 1, event + 30):
        path.write_bytes(b"".join(records[:kept]))
        answered = sum(json.loads(each)["kind"] == "call" for each in records[:kept])
        stub.reset()
        resumed = race.llmops(*RACING, "--resume", "latest")
        assert resumed.returncode == 0, resumed.stderr
        assert stub.answered == paid - answered
        assert stops(run) == expected
        assert answers(run) == said
        events = [json.loads(each).get("event") for each in path.read_bytes().splitlines()]
        assert events.count("stopped") == 1


def test_repeats_of_a_batch_run_before_anyone_looks(race: Project, stub: LLMStub) -> None:
    done = race.llmops(*RACING, "--set", "repeats=2", "--limit", "80")
    assert done.returncode == 0, done.stderr
    (run,) = race.runs
    (stopped,) = stops(run).values()
    assert stub.answered == 2 * (80 * (1 + 3) + stopped)


def test_the_budget_interrupts_a_race_and_a_larger_one_ends_it(
    race: Project, stub: LLMStub
) -> None:
    assert race.llmops(*RACING, "--set", "budget.calls=130").returncode == 0
    assert stub.answered == 130
    assert race.llmops(*RACING, "--resume", "latest").returncode == 0
    (run,) = race.runs
    assert stub.answered == LINES * (1 + 3) + stops(run)["bad"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["objective.metric=accuracy"], 2, "'accuracy' is none; allowed: exact_match.correct"),
        (["objective="], 2, "racing, but no objective"),
        (["search={kind: racing, low: 2, high: 3}"], 3, "exact_match.correct is"),
        (["statistics.confidence=0.9", "--select=ask=bad"], 2, "leaves out the baseline"),
    ],
)
def test_what_cannot_race_is_told(
    race: Project, stub: LLMStub, arguments: list[str], code: int, message: str
) -> None:
    settings = itertools.chain.from_iterable(
        [each] if each.startswith("--") else ["--set", each] for each in arguments
    )
    done = race.llmops(*RACING, *settings)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert (stub.answered == 0) == (code == 2)
