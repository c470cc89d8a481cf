from __future__ import annotations

import math

import numpy as np
import pytest

from llmops.statistics.sample import sample

VALUES = np.array([3.0, 5, 4, 8, 1, 2, 7, 7, 6])


def test_without_clusters_the_error_is_the_usual_one() -> None:
    data = sample(VALUES, None)
    assert data.error == pytest.approx(VALUES.std(ddof=1) / 3)
    assert (data.units, data.df, data.effective_size, data.is_clustered) == (9, 8, 9, False)


def test_clusters_of_equal_size_count_by_their_means() -> None:
    data = sample(VALUES, np.array([7, 7, 7, 0, 0, 0, 3, 3, 3]))
    means = VALUES.reshape(3, 3).mean(axis=1)
    assert data.error == pytest.approx(means.std(ddof=1) / math.sqrt(3))
    assert (data.units, data.df, data.is_clustered) == (3, 2, True)


def test_the_error_of_unequal_clusters_leaves_each_out_in_turn() -> None:
    clusters = np.array([1, 2, 2, 3, 3, 3, 3, 4, 4])
    without = np.array([VALUES[clusters != each].mean() for each in (1, 2, 3, 4)])
    spread = float(((without - VALUES.mean()) ** 2).sum())
    assert sample(VALUES, clusters).error == pytest.approx(math.sqrt(3 / 4 * spread))


def test_unequal_clusters_have_fewer_degrees_of_freedom() -> None:
    sizes = [1, 2, 3, 5, 9] * 10
    data = sample(np.zeros(200), np.repeat(np.arange(50), sizes))
    assert data.df == pytest.approx(1200**2 / 72840 - 1)
    dominated = sample(np.zeros(103), np.repeat(np.arange(4), [100, 1, 1, 1]))
    assert dominated.df == 1


def test_clusters_that_agree_count_about_once_and_none_adds_to_the_values() -> None:
    agreeing = sample(np.repeat([0.0, 1, 1, 0], 25), np.arange(100) // 25)
    alternating = sample(np.tile([0.0, 1], 50), np.arange(100) // 25)
    assert agreeing.effective_size == pytest.approx(3, abs=0.1)
    assert alternating.effective_size == 100
