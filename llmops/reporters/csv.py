"""Tables for a spreadsheet or a data frame: `results.csv` and `metrics.csv`.

Text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a return) gets an
apostrophe in front, as OWASP advises; numbers stay numbers. What is neither text nor number is
JSON.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from llmops.store import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from llmops.domain.report import Columns, RunReport
    from llmops.domain.run import Evaluation, LineRecord, LineResult
    from llmops.store import RunReader

Row = dict[str, object]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_COUNTS: Final = ("prompt_tokens", "completion_tokens", "cached_tokens", "calls", "paid_calls")


def write_results(reader: RunReader, report: RunReport, path: Path) -> None:
    """Write one row per line and trial, failed ones included."""
    trials = {trial["id"]: _trial_cells(trial) for trial in reader.manifest["trials"]}
    columns = [
        "run", "experiment", "dataset", "line", "repeat", *_trial_columns(trials),
        *(f"data.{name}" for name in report.columns.data),
        *(f"outputs.{name}" for name in report.columns.outputs),
        *_evaluation_columns(report.columns),
        "status", "error_node", "error_kind", "error_message", "seconds", *_COUNTS, "cost",
    ]  # fmt: skip
    run: Row = {"run": report.run, "experiment": report.experiment}
    rows = (run | row for record in reader.lines() for row in _line_rows(record, trials))
    _write(path, columns, rows)


def write_metrics(reader: RunReader, report: RunReport, path: Path) -> None:
    """Write one row per trial and metric; n + errors + missing = lines."""
    trials = {trial["id"]: _trial_cells(trial) for trial in reader.manifest["trials"]}
    columns = [
        "run", "experiment", "dataset", "repeat", *_trial_columns(trials),
        "evaluator", "metric", "kind", "value", "n", "errors", "missing", "lines",
    ]  # fmt: skip
    places = {
        trial["id"]: {"dataset": trial["dataset"], "repeat": trial["repeat"]}
        for trial in reader.manifest["trials"]
    }
    rows = (
        {
            "run": report.run,
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
    _write(path, columns, rows)


def _trial_cells(trial: Mapping[str, Any]) -> Row:
    cells: Row = {"trial": trial["id"], "configuration": trial["label"]}
    cells |= {f"variant.{node}": variant for node, variant in trial["variants"].items()}
    return cells | {f"parameter.{name}": value for name, value in trial["parameters"].items()}


def _trial_columns(trials: Mapping[str, Row]) -> list[str]:
    return list(dict.fromkeys(name for cells in trials.values() for name in cells))


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


def _write(path: Path, columns: list[str], rows: Iterable[Row]) -> None:
    with (
        replacing(path) as file,
        io.TextIOWrapper(file, "utf-8", errors="replace", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell(row.get(column)) for column in columns] for row in rows)


def cell(value: object) -> object:
    """Return the value as it stands in a cell.

    >>> [cell(value) for value in ("=1+1", -1, True, None, ["é"])]
    ["'=1+1", -1, 'true', None, '["é"]']
    """
    match value:
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case bool() | list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value
