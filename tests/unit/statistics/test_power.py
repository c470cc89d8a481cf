from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from llmops.statistics.power import detectable_difference


def power_of_mcnemar(lines: int, discordant: float, difference: float, level: float) -> float:
    """Return the chance that the exact test rejects, summed over all tables.

    Duffy, "Asymptotic and exact power for the McNemar test", Biometrics 40 (1984) 1005-1015.
    """
    share = (discordant + difference) / (2 * discordant)
    power = 0.0
    for differing in range(lines + 1):
        counts = np.arange(differing + 1)
        shown = counts[2 * special.bdtr(counts, differing, 0.5) <= level]  # losses that show a win
        if len(shown):
            found = special.bdtr(shown[-1], differing, [1 - share, share]).sum()
            power += float(
                found * np.diff(special.bdtr([differing - 1, differing], lines, discordant))[0]
            )
    return power


@pytest.mark.parametrize("lines", [30, 100, 200, 500])
@pytest.mark.parametrize("tests", [1, 30])
@pytest.mark.parametrize("discordant", [0.1, 0.3])
def test_the_exact_test_finds_the_difference_with_the_power_promised(
    lines: int, tests: int, discordant: float
) -> None:
    difference = detectable_difference(lines, tests=tests, confidence=0.95, discordant=discordant)
    share = max(discordant, difference)
    assert 0.8 <= power_of_mcnemar(lines, share, difference, 0.05 / tests) + 1e-9 < 0.95


def test_connors_sample_size_is_that_of_the_paper_but_for_the_correction() -> None:
    # Connor, Biometrics 43 (1987) 207-211: n = (z_a sqrt(s) + z_b sqrt(s - d^2))^2 / d^2.
    z_level, z_power = special.ndtri([0.975, 0.9])
    n = (z_level * math.sqrt(0.25) + z_power * math.sqrt(0.25 - 0.1**2)) ** 2 / 0.1**2
    found = detectable_difference(round(n), tests=1, confidence=0.95, power=0.9, discordant=0.25)
    assert found == pytest.approx(0.1 + 1 / n, abs=2e-4)


def test_more_lines_show_less_and_more_tests_need_more() -> None:
    by_lines = [detectable_difference(n, tests=4, confidence=0.95) for n in (20, 50, 200, 5000)]
    by_tests = [detectable_difference(200, tests=n, confidence=0.95) for n in (1, 10, 100)]
    assert by_lines == sorted(by_lines, reverse=True)
    assert by_tests == sorted(by_tests)


@pytest.mark.parametrize("lines", [0, 5])
def test_lines_that_can_show_nothing_say_so(lines: int) -> None:
    assert detectable_difference(lines, tests=1, confidence=0.95) == math.inf


def test_six_lines_show_a_difference_only_where_almost_every_line_is_won() -> None:
    found = detectable_difference(6, tests=1, confidence=0.95)
    assert found == pytest.approx(0.8 ** (1 / 6))  # all six must be won: 2 * 0.5**6 = 0.031
