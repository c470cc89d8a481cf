"""Holds a run's gates against its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.review import Review

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.gate import GateResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What the gates found; `label` is the configuration judged, None: none is recommended."""

    run: str
    label: str | None
    results: tuple[GateResult, ...]

    @property
    def unmet(self) -> tuple[GateResult, ...]:
        """Return the gates that are not met."""
        return tuple(result for result in self.results if result.status == "unmet")


def gate(folder: Path, *, configuration: str | None = None, environment: str = "") -> Gated:
    """Check every gate for a configuration, by its label or id; None: the recommended one.

    `environment` is where gates against what is deployed look; empty: the endpoint changed last.

    Raises:
        ConfigError: when the run has no such configuration.
        LLMOpsError: when the evidence can't be read.
    """
    review = Review(folder, environment)
    chosen = review.configuration(configuration)
    return Gated(
        run=review.run,
        label=None if chosen is None else review.comparison.labels[chosen],
        results=review.gates(chosen),
    )
