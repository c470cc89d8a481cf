"""`metrics.csv`: one row per trial and metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.reporters.csv.table import columns_of, trial_cells, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.report import RunReport
    from llmops.store import RunReader


def write_metrics(reader: RunReader, report: RunReport, path: Path) -> None:
    """Write one row per trial and metric; n + errors + missing = lines."""
    trials = {trial["id"]: trial_cells(trial) for trial in reader.manifest["trials"]}
    columns = [
        "experiment", "dataset", "repeat", *columns_of(trials.values()),
        "evaluator", "metric", "kind", "value", "n", "errors", "missing", "lines", "stopped_after",
    ]  # fmt: skip
    stopped = reader.stopped()
    places = {
        trial["id"]: {
            "dataset": trial["dataset"],
            "repeat": trial["repeat"],
            "stopped_after": stopped.get((trial["dataset"], trial["configuration"])),
        }
        for trial in reader.manifest["trials"]
    }
    rows = (
        {
            "experiment": report.experiment,
            **places[metric.trial],
            **trials[metric.trial],
            "evaluator": metric.evaluator,
            "metric": metric.name,
            "kind": metric.kind,
            "value": metric.value,
            "n": metric.n,
            "errors": metric.errors,
            "missing": metric.missing,
            "lines": metric.lines,
        }
        for metric in reader.metrics()
        if metric.trial in trials
    )
    write_table(path, columns, rows)
