"""Writes what people read of a run, from its evidence alone; the same evidence, the same bytes.

Only gates against what is deployed look further: at the evidence of the run that serves now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.reporters import csv, html, json, junit, markdown
from llmops.review import Review

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.comparison import Comparison
    from llmops.domain.gate import GateResult
    from llmops.domain.report import RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files of a report, and what they say."""

    html: Path
    results: Path
    metrics: Path
    comparison_table: Path
    json: Path
    junit: Path
    summary: Path
    numbers: RunReport
    comparison: Comparison
    gates: tuple[GateResult, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """Return all files, the page first."""
        tables = (self.results, self.metrics, self.comparison_table)
        return (self.html, *tables, self.json, self.junit, self.summary)


def report(folder: Path) -> Written:
    """Write every format into the run's folder.

    Raises:
        LLMOpsError: when the evidence can't be read or a file can't be written.
    """
    review = Review(folder)
    reader, numbers, comparison = review.reader, review.numbers, review.comparison
    gates = review.gates(None)
    written = Written(
        html=folder / "report.html",
        results=folder / "results.csv",
        metrics=folder / "metrics.csv",
        comparison_table=folder / "comparison.csv",
        json=folder / "report.json",
        junit=folder / "junit.xml",
        summary=folder / "summary.md",
        numbers=numbers,
        comparison=comparison,
        gates=gates,
    )
    csv.write_results(reader, numbers, written.results)
    csv.write_metrics(reader, numbers, written.metrics)
    csv.write_comparison(numbers, comparison, written.comparison_table)
    json.write(numbers, comparison, gates, written.json)
    junit.write(numbers, comparison, gates, written.junit)
    markdown.write(numbers, comparison, gates, written.summary)
    html.write(reader, numbers, comparison, gates, written.html)
    return written
