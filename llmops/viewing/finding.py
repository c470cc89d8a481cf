"""What a run found, from its `report.json` where that is as new as the evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from llmops.domain.comparison import Estimate
from llmops.errors import Fault, LLMOpsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.comparison import Comparison
    from llmops.domain.report import RunReport

_ESTIMATES = TypeAdapter(tuple[Estimate, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The decision, and the estimates it rests on.

    `used` is the configuration that the decision names. `value` is its mean of the objective,
    `metric`; empty and None where the run has no objective.
    """

    status: str
    outcome: str
    sentence: str
    used: str | None
    baseline: str | None
    labels: Mapping[str, str]
    metric: str
    value: float | None
    confidence: float
    estimates: tuple[Estimate, ...]


def computed(numbers: RunReport, comparison: Comparison) -> Finding:
    """Return what the evidence shows."""
    decision = comparison.decision
    metric = numbers.objective.metric if numbers.objective else ""
    values = {item.id: item.value(metric) for item in numbers.configurations} if metric else {}
    return Finding(
        status=numbers.status,
        outcome=decision.outcome,
        sentence=decision.sentence,
        used=decision.configuration,
        baseline=comparison.baseline,
        labels=comparison.labels,
        metric=metric,
        value=values.get(decision.configuration or ""),
        confidence=comparison.analysis.confidence,
        estimates=comparison.estimates,
    )


def reported(folder: Path) -> Finding | None:
    """Return what the run's report says; None where there is none, or one of older evidence.

    Raises:
        LLMOpsError: when the report can't be read.
    """
    path, records = folder / "report.json", folder / "run.jsonl"
    try:
        if records.is_file() and path.stat().st_mtime_ns < records.stat().st_mtime_ns:
            return None
        return _read(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        fault = Fault(
            where=str(path),
            seen="this report cannot be read",
            next_step=f"write it again: llmops report {folder.parent.name}/{folder.name}",
        )
        raise LLMOpsError(str(fault)) from error


def _read(report: Mapping[str, Any]) -> Finding:
    comparison = report["comparison"]
    decision = comparison["decision"]
    metric = report["objective"]["metric"] if report["objective"] else ""
    values = {item["id"]: item["values"] for item in report["configurations"]}
    return Finding(
        status=report["status"],
        outcome=decision["outcome"],
        sentence=decision["sentence"],
        used=decision["configuration"],
        baseline=comparison["baseline"],
        labels=comparison["labels"],
        metric=metric,
        value=values.get(decision["configuration"], {}).get(metric),
        confidence=comparison["analysis"]["confidence"],
        estimates=_ESTIMATES.validate_python(comparison["estimates"]),
    )
