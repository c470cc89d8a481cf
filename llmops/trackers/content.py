"""What a tracker is told: one entry for the run, and one for each of its configurations."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llmops.domain.comparison import Comparison
    from llmops.domain.gate import GateResult
    from llmops.domain.report import Cell, ConfigurationReport, RunReport
    from llmops.domain.run import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A run or a configuration; `key` is the same whenever it is told again."""

    key: str
    name: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything about a run that a tracker keeps; `created` is ISO 8601 with an offset."""

    run: Entry
    configurations: tuple[Entry, ...]
    artifacts: tuple[Path, ...]
    created: str
    status: Status

    def digest(self) -> str:
        """Return the sha256 of all of it, the artifacts' bytes included."""
        told = [asdict(entry) for entry in (self.run, *self.configurations)]
        files = [
            (path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in self.artifacts
        ]
        text = json.dumps([told, files, self.status], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def content_of(
    numbers: RunReport,
    comparison: Comparison,
    gates: Sequence[GateResult],
    *,
    tags: Mapping[str, str],
    artifacts: Sequence[Path],
) -> Content:
    """Return what a tracker is told; `tags` are further ones for the run itself."""
    decision, unmet = comparison.decision, sum(gate.status == "unmet" for gate in gates)
    about = {
        "llmops.decision": decision.outcome,
        "llmops.sentence": decision.sentence,
        "llmops.recommended": comparison.labels.get(decision.configuration or "", ""),
        "llmops.gates": f"{unmet} of {len(gates)} not met",
        "llmops.status": numbers.status,
    }
    spent = numbers.spent
    return Content(
        run=Entry(
            key=numbers.run,
            name=numbers.run,
            metrics={"calls": spent.calls, "tokens": spent.tokens, "cost": spent.cost},
            tags={**about, **tags},
        ),
        configurations=tuple(
            _configuration(item, numbers.run, recommended=item.id == decision.configuration)
            for item in numbers.configurations
        ),
        artifacts=tuple(artifacts),
        created=numbers.created,
        status=numbers.status,
    )


def _configuration(item: ConfigurationReport, run: str, *, recommended: bool) -> Entry:
    chosen = item.configuration
    parameters = {**chosen.variants, **{k: _text(v) for k, v in chosen.parameters.items()}}
    return Entry(
        key=f"{run}/{item.id}",
        name=item.label,
        parameters={_name(name): value for name, value in parameters.items()},
        metrics={
            f"{_name(cell.dataset)}/{_name(name)}": value
            for cell in item.cells
            for name, value in _measured(cell)
            if value is not None and math.isfinite(value)
        },
        tags={
            "llmops.configuration": item.id,
            "llmops.baseline": str(item.is_baseline).lower(),
            "llmops.recommended": str(recommended).lower(),
        },
    )


def _measured(cell: Cell) -> Iterator[tuple[str, float | None]]:
    yield from ((name, score.value) for name, score in cell.scores.items())
    figures = cell.figures
    yield from {
        "lines": figures.lines,
        "errors": figures.errors,
        "missing": figures.missing,
        "cost_per_line": figures.cost_per_line,
        "p50_seconds": figures.p50,
        "p95_seconds": figures.p95,
    }.items()


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _name(name: str) -> str:
    """Return the name with the characters that MLflow takes in one part of a path.

    >>> _name("exact.accuracy"), _name("a/b (c)"), _name("..")
    ('exact.accuracy', 'a_b _c_', '_')
    """
    return re.sub(r"[^\w.\- ]", "_", name).strip(". ")[:120] or "_"
