"""`report.json`: what a report says, for programs; `version` grows when a key changes meaning."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Final

from llmops.store import replacing
from llmops.store.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from _typeshed import DataclassInstance

    from llmops.domain.comparison import Comparison
    from llmops.domain.description import Confusion
    from llmops.domain.gate import GateResult
    from llmops.domain.report import Cell, ConfigurationReport, RunReport

VERSION: Final = 1

Fields = dict[str, object]


def write(
    numbers: RunReport, comparison: Comparison, gates: Sequence[GateResult], path: Path
) -> None:
    """Write the file; equal arguments give equal bytes.

    Raises:
        LLMOpsError: when it can't be written.
    """
    report: Fields = {
        "version": VERSION,
        **_shallow(numbers),
        "configurations": [_configuration(item) for item in numbers.configurations],
        "comparison": _comparison(comparison),
        "gates": [asdict(gate) for gate in gates],
    }
    with replacing(path) as file:
        file.write(f"{encode(report)}\n".encode())


def _configuration(item: ConfigurationReport) -> Fields:
    metrics = dict.fromkeys(name for cell in item.cells for name in cell.scores)
    return {
        **_shallow(item),
        "values": {metric: item.value(metric) for metric in metrics},
        "cells": [_cell(cell) for cell in item.cells],
    }


def _cell(cell: Cell) -> Fields:
    scores = {
        name: {"value": score.value, **_shallow(score)} for name, score in cell.scores.items()
    }
    return {**_shallow(cell), "scores": scores}


def _comparison(comparison: Comparison) -> Fields:
    return {
        **_shallow(comparison),
        "family": {**_shallow(comparison.family), "size": comparison.family.size},
        "confusions": [_confusion(each) for each in comparison.confusions],
    }


def _confusion(confusion: Confusion) -> Fields:
    """Return the counts as a list: JSON has no pairs for keys."""
    counts = [
        {"expected": expected, "predicted": predicted, "count": count}
        for (expected, predicted), count in sorted(confusion.counts.items())
    ]
    return {**_shallow(confusion), "counts": counts}


def _shallow(value: DataclassInstance) -> Fields:
    """Return a value's own fields; the encoder goes on from there."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
