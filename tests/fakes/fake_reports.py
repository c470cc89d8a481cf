"""Made-up numbers of a run, for tests of what judges them."""

from __future__ import annotations

from collections.abc import Mapping

from fake_runs import configurations

from llmops.domain.call import Usage
from llmops.domain.report import Cell, Columns, ConfigurationReport, Figures, RunReport, Score
from llmops.domain.run import Spent

IDS = tuple(configuration.id for configuration in configurations(12))
LABELS = tuple(configuration.label for configuration in configurations(12))

Scores = Mapping[str, "float | Score | None"]
"""Metric to its value, or to a whole score."""


def figures(
    n: int = 200,
    errors: int = 0,
    missing: int = 0,
    *,
    cost: float | None = 0.2,
    p95: float | None = 1.5,
) -> Figures:
    """Return what `n` answered lines took."""
    return Figures(
        n=n,
        errors=errors,
        missing=missing,
        usage=Usage(),
        calls=n,
        paid_calls=n,
        cost=cost,
        p50=p95 and p95 / 2,
        p95=p95,
    )


def report(
    *cells: Mapping[str, Scores], taken: Figures | None = None, baseline: int | None = 0
) -> RunReport:
    """Return a report of configurations, the baseline first; each maps datasets to scores."""
    taken = taken or figures()
    items = tuple(
        ConfigurationReport(
            key="ABCDEFGHIJKL"[place],
            id=IDS[place],
            label=LABELS[place],
            configuration=configurations(12)[place],
            is_baseline=place == baseline,
            figures=taken,
            cells=tuple(
                Cell(
                    dataset=dataset,
                    figures=taken,
                    scores={name: _score(value, taken) for name, value in scores.items()},
                )
                for dataset, scores in datasets.items()
            ),
        )
        for place, datasets in enumerate(cells)
    )
    metrics = dict.fromkeys(name for item in items for cell in item.cells for name in cell.scores)
    return RunReport(
        run="20260102-030405-abcd",
        experiment="reviews",
        created="2026-01-02T03:04:05+00:00",
        status="completed",
        currency="USD",
        datasets=dict.fromkeys(cells[0], taken.lines),
        repeats=1,
        metrics=tuple(metrics),
        objective=None,
        figures=taken,
        spent=Spent(),
        configurations=items,
        columns=Columns(data=(), outputs=(), evaluations=()),
    )


def _score(value: float | Score | None, taken: Figures) -> Score:
    if isinstance(value, Score):
        return value
    return Score(values=(value,), n=taken.n, errors=taken.errors, missing=taken.missing)
