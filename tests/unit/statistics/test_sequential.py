"""The test that may be asked after every batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llmops.statistics.sequential import BelowZero

if TYPE_CHECKING:
    from numpy.typing import NDArray


def first_looks(values: NDArray[np.float64], batch: int) -> list[float]:
    test = BelowZero()
    looks: list[float] = []
    for start in range(0, values.size, batch):
        test.update(values[start : start + batch])
        looks.append(test.p)
    return looks


def test_one_loss_is_worth_the_mean_of_the_bets() -> None:
    test = BelowZero()
    test.update([-1.0])
    assert test.p == pytest.approx(1 / 1.5)


def test_what_is_not_below_zero_shows_nothing() -> None:
    test = BelowZero()
    for values in ([], [0.0] * 50, [0.3] * 50, [1.0, -0.9] * 50):
        test.update(values)
        assert test.p == 1.0


def test_the_best_look_counts_and_the_order_in_a_batch_does_not() -> None:
    random = np.random.default_rng(1)
    values = random.uniform(-1, 0.4, size=60)
    assert first_looks(values, 60) == pytest.approx(first_looks(values[::-1], 60))
    looks = first_looks(np.concatenate([values, np.ones(60)]), 10)
    assert looks == sorted(looks, reverse=True)
    assert looks[-1] == looks[5] < 0.01


def test_long_runs_neither_overflow_nor_vanish() -> None:
    assert first_looks(np.full(20_000, -1.0), 5_000)[-1] == 0.0
    assert first_looks(np.full(20_000, 1.0), 5_000)[-1] == 1.0


@pytest.mark.parametrize(
    ("values", "chances"),
    [
        pytest.param((-1.0, 0.0, 1.0), (0.2, 0.6, 0.2), id="binary"),
        pytest.param((-1.0, 0.1), (1 / 11, 10 / 11), id="rare great losses"),
        pytest.param((-0.1, 1.0), (10 / 11, 1 / 11), id="rare great wins"),
    ],
)
def test_looking_after_every_batch_keeps_the_error_rate(
    values: tuple[float, ...], chances: tuple[float, ...]
) -> None:
    random = np.random.default_rng(2026)
    runs, alpha = 1_000, 0.1
    drawn = random.choice(values, p=chances, size=(runs, 300))
    wrong = sum(first_looks(each, 10)[-1] <= alpha for each in drawn) / runs
    assert wrong <= alpha + 3 * (alpha * (1 - alpha) / runs) ** 0.5
