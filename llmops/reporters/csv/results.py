"""`results.csv`: one row per line and trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.reporters.csv.table import Row, columns_of, trial_cells, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from llmops.domain.report import Columns, RunReport
    from llmops.domain.run import Evaluation, LineRecord, LineResult
    from llmops.store import RunReader

_COUNTS: Final = ("prompt_tokens", "completion_tokens", "cached_tokens", "calls", "paid_calls")


def write_results(reader: RunReader, report: RunReport, path: Path) -> None:
    """Write one row per line and trial, failed ones included."""
    trials = {trial["id"]: trial_cells(trial) for trial in reader.manifest["trials"]}
    columns = [
        "experiment", "dataset", "line", "repeat", *columns_of(trials.values()),
        *(f"data.{name}" for name in report.columns.data),
        *(f"outputs.{name}" for name in report.columns.outputs),
        *_evaluation_columns(report.columns),
        "status", "error_node", "error_kind", "error_message", "seconds", *_COUNTS, "cost",
    ]  # fmt: skip
    experiment: Row = {"experiment": report.experiment}
    rows = (experiment | row for record in reader.lines() for row in _line_rows(record, trials))
    write_table(path, columns, rows)


def _evaluation_columns(columns: Columns) -> Iterator[str]:
    """Name what each evaluator said, and after it the error that kept it from saying so."""
    evaluators = list(dict.fromkeys(evaluator for evaluator, _ in columns.evaluations))
    for evaluator in evaluators:
        for owner, name in columns.evaluations:
            if owner == evaluator:
                yield f"evaluator.{evaluator}.{name}"
        yield f"evaluator.{evaluator}.error"


def _line_rows(record: LineRecord, trials: Mapping[str, Row]) -> Iterator[Row]:
    line: Row = {"dataset": record.dataset, "line": record.line, "repeat": record.repeat}
    line |= {f"data.{name}": value for name, value in record.data.items()}
    for trial, cells in trials.items():
        if trial in record.results:
            yield line | cells | _result_cells(record.results[trial])


def _result_cells(result: LineResult) -> Row:
    cells: Row = {f"outputs.{name}": value for name, value in result.outputs.items()}
    for evaluator, evaluation in result.evaluations.items():
        cells |= _evaluation_cells(evaluator, evaluation)
    cells |= {
        "status": "error" if result.error else "ok",
        "seconds": round(result.seconds, 6),
        "prompt_tokens": result.usage.prompt_tokens,
        "completion_tokens": result.usage.completion_tokens,
        "cached_tokens": result.usage.cached_tokens,
        "calls": result.calls,
        "paid_calls": result.paid_calls,
        "cost": None if result.cost is None else round(result.cost, 12),
    }
    if result.error:
        cells["error_node"] = result.error.node
        cells["error_kind"] = result.error.kind
        cells["error_message"] = result.error.message
    return cells


def _evaluation_cells(evaluator: str, evaluation: Evaluation) -> Row:
    cells: Row = {
        f"evaluator.{evaluator}.{name}": value for name, value in evaluation.outputs.items()
    }
    if evaluation.error:
        error = evaluation.error
        cells[f"evaluator.{evaluator}.error"] = f"{error.node}: {error.kind}: {error.message}"
    return cells
