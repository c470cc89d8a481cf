from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fake_runs import configurations, line_record, trials

from llmops.domain.run import LineError
from llmops.viewing.pairs import Pair, shown

if TYPE_CHECKING:
    from llmops.domain.run import LineResult


def pair(line: int = 0, repeat: int = 0) -> Pair:
    """Return a line that both configurations answered."""
    baseline, candidate = results(line)
    return Pair(
        dataset="reviews",
        line=line,
        repeat=repeat,
        data={"text": "Cold soup."},
        baseline=replace(baseline, error=None, outputs={"answer": "a cold soup"}),
        candidate=replace(candidate, error=None, outputs={"answer": "a warm soup"}),
        regressed=False,
    )


def results(line: int) -> list[LineResult]:
    work = trials(configurations(2), ("reviews",))
    return list(line_record("reviews", line, 0, work).results.values())


def test_sides_stay_for_a_reviewer_and_are_drawn_anew_for_another() -> None:
    pairs = [pair(line) for line in range(200)]
    ada = [each.sides("run", "ada")["left"] for each in pairs]
    assert ada == [each.sides("run", "ada")["left"] for each in pairs]
    assert ada != [each.sides("run", "ben")["left"] for each in pairs]
    assert ada != [each.sides("other", "ada")["left"] for each in pairs]
    assert 70 < ada.count("baseline") < 130


def test_each_side_shows_its_own_answer_with_what_differs() -> None:
    answers = shown(pair(), {"left": "candidate", "right": "baseline"})
    assert [piece.text for piece in answers["left"].outputs["answer"] if piece.differs] == ["warm"]
    assert [piece.text for piece in answers["right"].outputs["answer"] if piece.differs] == ["cold"]


def test_an_error_and_a_missing_answer_say_so() -> None:
    error = LineError(node="classify", kind="timeout", message="no answer")
    broken = replace(pair(), baseline=None, candidate=replace(results(0)[0], error=error))
    assert broken.failed
    answers = shown(broken, {"left": "baseline", "right": "candidate"})
    assert answers["left"].error == "This line was not run."
    assert answers["right"].error == "classify: timeout: no answer"
    assert answers["right"].outputs == {}
