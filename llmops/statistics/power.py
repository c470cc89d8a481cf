"""What a number of lines can show, before any of them is run."""

from __future__ import annotations

import math
from statistics import NormalDist


def detectable_difference(
    lines: int, *, tests: int, confidence: float, power: float = 0.8, discordant: float = 0.3
) -> float:
    """Return the smallest difference of two shares of ones that `lines` paired lines show.

    The share lies in [0, 1]; inf where not even the largest difference can be shown. `tests` (at
    least 1) is the size of the family: the level is that of Holm's first step. `power` is the
    chance to find such a difference. `discordant` is the assumed share of lines on which the two
    differ; a larger difference takes a larger share, with every such line on one side.

    Connor, "Sample size for testing differences in proportions for the paired-sample design",
    Biometrics 43 (1987) 207-211, solved for the difference, with Edwards' continuity correction
    (Psychometrika 13, 1948) because the test is exact. No scipy: this runs before a plan is shown.

    >>> round(detectable_difference(200, tests=1, confidence=0.95), 3)
    0.113
    """
    level = (1 - confidence) / tests
    found = _two_sided(lines, level, power, discordant)
    return found if found <= discordant else max(discordant, _one_sided(lines, level, power))


def _two_sided(lines: int, level: float, power: float, discordant: float) -> float:
    """Return d with sqrt(n) (d - 1/n) = z_level sqrt(s) + z_power sqrt(s - d^2), s discordant."""
    if lines < 1:
        return math.inf
    z_power = NormalDist().inv_cdf(power)
    shift = NormalDist().inv_cdf(1 - level / 2) * math.sqrt(discordant) + 1 / math.sqrt(lines)
    weight = lines + z_power**2
    rest = discordant * weight - shift**2
    return (
        (math.sqrt(lines) * shift + z_power * math.sqrt(rest)) / weight if rest >= 0 else math.inf
    )


def _one_sided(lines: int, level: float, power: float) -> float:
    """Return the difference where all discordant lines are on one side; exact, inf if none.

    The test then rejects from so many discordant lines on that 2 * 0.5**lines is below the level.
    """
    needed = math.ceil(1 - math.log2(level))
    if needed > lines:
        return math.inf
    low, high = 0.0, 1.0
    for _ in range(50):
        share = (low + high) / 2
        missed = sum(
            math.comb(lines, k) * share**k * (1 - share) ** (lines - k) for k in range(needed)
        )
        low, high = (low, share) if 1 - missed >= power else (share, high)
    return high
