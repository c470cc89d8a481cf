from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmops.statistics.noise import split

if TYPE_CHECKING:
    from llmops.statistics.sample import Floats

TICKS = [
    [380, 376, 360, 368, 372, 366, 374, 382],
    [350, 356, 358, 376, 338, 342, 366, 350, 344, 364],
    [354, 360, 362, 352, 366, 372, 362, 344, 342, 358, 351, 348, 348],
    [376, 344, 342, 372, 374, 360],
]
"""Sokal and Rohlf, Biometry, box 9.1: width of the scutum of ticks from four rabbits."""


def test_equal_repeats_as_published_by_montgomery() -> None:
    # Montgomery, Design and Analysis of Experiments, the fabric from four looms: mean squares
    # 29.73 and 1.90, components 6.96 between looms and 1.90 within.
    strengths = [[98, 97, 99, 96], [91, 90, 93, 92], [96, 95, 97, 95], [95, 96, 99, 98]]
    found = split(np.array(strengths, float))
    assert found is not None
    assert (round(found[0] ** 2, 2), round(found[1] ** 2, 2)) == (6.96, 1.90)


def test_unequal_repeats_as_published_by_sokal_and_rohlf() -> None:
    # The book: mean squares 602.6 and 114.5, n0 = 9.009, components 54.190 and 114.5; its 54.190
    # comes from rounded mean squares.
    scores = np.full((4, 13), np.nan)
    for row, widths in zip(scores, TICKS, strict=True):
        row[: len(widths)] = widths
    found = split(scores)
    assert found is not None
    assert found[0] ** 2 == pytest.approx((602.6 - 114.5) / 9.009, rel=1e-3)
    assert round(found[1] ** 2, 1) == 114.5


def test_lines_that_differ_less_than_their_repeats_differ_not_at_all() -> None:
    found = split(np.array([[0.0, 2.0], [2.0, 0.0], [0.0, 2.0]]))
    assert found is not None
    assert found[0] == 0
    assert found[1] ** 2 == pytest.approx(2)


def test_a_model_that_always_says_the_same_has_no_noise() -> None:
    assert split(np.array([[0.0, 0.0], [1.0, 1.0]])) == (pytest.approx(np.sqrt(0.5)), 0)


@pytest.mark.parametrize(
    "scores",
    [
        np.empty((0, 3)),
        np.array([[1.0, 2.0]]),
        np.array([[1.0], [2.0]]),
        np.array([[1.0, np.nan], [np.nan, 2.0]]),
        np.full((3, 2), np.nan),
    ],
)
def test_nothing_is_said_where_noise_and_lines_cannot_be_told_apart(scores: Floats) -> None:
    assert split(scores) is None


@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=2))
def test_missing_lines_and_the_order_do_not_matter(rows: list[list[int]]) -> None:
    scores = np.array(rows, float)
    padded = np.vstack([scores[::-1, ::-1], np.full((1, 2), np.nan)])
    found, again = split(scores), split(padded)
    assert found is not None
    assert again is not None
    # The root of a rounding error is a thousand times as large: variances are compared.
    assert np.square(again) == pytest.approx(np.square(found), abs=1e-9)
