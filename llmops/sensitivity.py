"""What a run will be able to show, known before it is paid."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from llmops.domain.report import resolve_metric
from llmops.experiment import outputs_by_name
from llmops.statistics.power import detectable_difference
from llmops.store.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.analysis import Split
    from llmops.domain.configuration import Configuration
    from llmops.experiment import Experiment, RunDataset

POWER: Final = 0.8
DISCORDANT: Final = 0.3
"""The share of lines on which two configurations differ, as long as nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The smallest difference of two shares of good lines that a dataset's lines can show.

    `lines` are those that count for the choice; `tests` is the size of the family. `difference`
    lies in [0, 1]; None where not even the largest can be shown. `grouped`: at best so, as lines
    depend on each other.
    """

    dataset: str
    lines: int
    tests: int
    difference: float | None
    grouped: bool


def sensitivities(
    experiment: Experiment, configurations: Sequence[Configuration], lines: Mapping[str, int]
) -> tuple[Sensitivity, ...]:
    """Return one per dataset; none where nothing is compared with the baseline.

    `lines` are those that run, by dataset. Repeats do not count: they are of the same lines.
    """
    analysis = experiment.analysis
    variants = [each for each in configurations if each != experiment.baseline]
    if not variants or len(variants) == len(configurations):
        return ()
    tests = len(variants) * len(lines) * max(1, len(_family(experiment)))

    def of(used: RunDataset) -> Sensitivity:
        counted = _choosing(used, lines[used.name], analysis.holdout)
        difference = detectable_difference(
            counted,
            tests=tests,
            confidence=analysis.confidence,
            power=POWER,
            discordant=DISCORDANT,
        )
        return Sensitivity(
            dataset=used.name,
            lines=counted,
            tests=tests,
            difference=difference if math.isfinite(difference) else None,
            grouped=bool(analysis.group),
        )

    return tuple(of(used) for used in experiment.datasets)


def _family(experiment: Experiment) -> set[str]:
    """Return the metrics that will be tested."""
    analysis = experiment.analysis
    stated = [each.metric for each in (analysis.objective, *analysis.guardrails) if each]
    names = outputs_by_name(experiment.evaluators)
    return {resolve_metric(metric, names) for metric in (*stated, *analysis.metrics)}


def _choosing(used: RunDataset, lines: int, holdout: Split | None) -> int:
    """Return how many of the first lines are not held out."""
    if holdout is None:
        return lines
    recorded = (json.loads(encode(data)) for data in islice(used.dataset.lines(), lines))
    return sum(not holdout.holds(cast("Mapping[str, object]", data)) for data in recorded)
