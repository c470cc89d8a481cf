"""Writes what people read of a run, from its evidence alone; the same evidence, the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.reporters import csv, html
from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.report import RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files of a report, and the numbers in them."""

    html: Path
    results: Path
    metrics: Path
    numbers: RunReport


def report(folder: Path) -> Written:
    """Write `results.csv`, `metrics.csv` and `report.html` into the run's folder.

    Raises:
        LLMOpsError: when the evidence can't be read or a file can't be written.
    """
    reader = RunReader(folder)
    written = Written(
        html=folder / "report.html",
        results=folder / "results.csv",
        metrics=folder / "metrics.csv",
        numbers=summarise(reader),
    )
    csv.write_results(reader, written.numbers, written.results)
    csv.write_metrics(reader, written.numbers, written.metrics)
    html.write(reader, written.numbers, written.html)
    return written
