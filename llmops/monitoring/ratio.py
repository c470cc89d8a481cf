"""The first question of every look: did the requests come as they were shared out?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from llmops.comparison.wording import listed, p_value
from llmops.domain.monitoring import SampleRatio
from llmops.monitoring.access import NO_UNIT
from llmops.monitoring.samples import units_of
from llmops.statistics.sample_ratio import sample_ratio

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from llmops.domain.monitoring import StatedSplit
    from llmops.monitoring.access import Seen
    from llmops.monitoring.observed import Answers, Observed


def check_ratio(
    split: StatedSplit, observed: Observed, access: Mapping[str, Seen], level: float
) -> SampleRatio:
    """Return whether the counts fit the stated shares.

    Where traffic is sticky units are counted, elsewhere requests: a user's requests all go the
    same way, so they would seem far too uneven. A request without a user is shared out alone, and
    counts alone. The gateway's log counts where it is there; the production logs of all
    deployments hold the same share of their requests, and know no user who is not in the inputs.
    """
    shares = {name: share for name, share in split.percent.items() if share}
    seen: Mapping[str, Seen | Answers] = access or observed.answers
    requests = {name: len(seen[name].requests) if name in seen else 0 for name in shares}
    counts = _units(observed, access, shares) if split.sticky else requests
    total = sum(counts.values())
    found = SampleRatio(
        status="not checked",
        counted="units" if split.sticky else "requests",
        observed=counts,
        expected={name: total * share / 100 for name, share in shares.items()},
        p=None,
        level=level,
    )
    if len(shares) < 2:
        return replace(found, reason="one deployment has all requests")
    if not total:
        reason = f"{split.sticky} keeps a user with one deployment, and the log names no user"
        return replace(found, reason=reason if sum(requests.values()) else "there are no requests")
    p = sample_ratio(tuple(counts.values()), tuple(shares.values()))
    return replace(found, p=p, status="broken" if p <= level else "kept", reason=_reason(found, p))


def _units(
    observed: Observed, access: Mapping[str, Seen], names: Collection[str]
) -> dict[str, int]:
    """Return how many units came to each deployment."""
    counts: dict[str, int] = {}
    for name in names:
        if access:
            units = np.array(access[name].units if name in access else [], dtype=np.uint64)
            alone = np.count_nonzero(units == NO_UNIT)
        else:
            units, alone = units_of(observed.answers[name], access), 0
        counts[name] = len(np.unique(units[units != NO_UNIT])) + int(alone)
    return counts


def _reason(found: SampleRatio, p: float) -> str:
    total = sum(found.observed.values())
    parts = [
        f"{name} has {100 * count / total:.1f} % of the {found.counted} "
        f"where {100 * found.expected[name] / total:.0f} % are stated"
        for name, count in found.observed.items()
    ]
    return f"{listed(parts)} ({total:,} {found.counted}, {p_value(p)})"
