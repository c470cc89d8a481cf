"""What configurations are called on the page: a letter beside what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmops.domain.comparison import Comparison
    from llmops.domain.report import RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A configuration's names; `is_stopped` where racing stopped it on a dataset."""

    key: str
    short: str
    label: str
    is_baseline: bool
    is_stopped: bool


def names_of(report: RunReport, comparison: Comparison) -> dict[str, Name]:
    """Return the names by configuration id."""
    stopped = {each.configuration for each in comparison.estimates if each.stopped_after}
    return {
        item.id: Name(
            key=item.key,
            short=comparison.names[item.id],
            label=item.label,
            is_baseline=item.is_baseline,
            is_stopped=item.id in stopped,
        )
        for item in report.configurations
    }
