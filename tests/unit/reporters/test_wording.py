from __future__ import annotations

import pytest

from llmops.domain.comparison import Interval, ScoreKind
from llmops.reporters.wording import MINUS, between, change, score, within

NARROW = Interval(low=-0.02, high=0.1, method="t")


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (-0.125, "binary", f"{MINUS}12.5"),
        (-1.5, "numeric", f"{MINUS}1.500"),
        (0.0, "binary", "0.0"),
        (None, "binary", "\N{EM DASH}"),
    ],
)
def test_a_change_says_which_way_it_went(value: float | None, kind: ScoreKind, text: str) -> None:
    assert change(value, kind) == text


def test_intervals_of_scores_and_of_changes_read_differently() -> None:
    assert within(NARROW, "numeric") == f"{MINUS}0.020 to 0.100"
    assert between(NARROW, "binary") == f"{MINUS}2.0 to +10.0"
    assert between(None, "binary") == within(None, "binary") == ""


def test_nothing_is_not_zero() -> None:
    assert score(None, "binary") != score(0.0, "binary") == "0.0 %"
