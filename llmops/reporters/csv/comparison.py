"""`comparison.csv`: one row per estimate and per effect, so that one filter gives a tidy table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.reporters.csv.table import Row, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llmops.domain.comparison import Comparison, Effect, Estimate, Interval
    from llmops.domain.report import RunReport

COLUMNS: Final = (
    "experiment", "row", "configuration_id", "configuration", "dataset", "metric", "kind",
    "value", "low", "high", "interval",
    "n", "errors", "missing", "clusters", "sd_lines", "sd_model", "sd_judge", "stopped_after",
    "role", "direction", "baseline_value", "pairs", "wins", "losses", "ties",
    "test", "p", "p_adjusted", "family", "finding", "margin", "p_margin", "reason",
)  # fmt: skip


def write_comparison(report: RunReport, comparison: Comparison, path: Path) -> None:
    """Write estimates, then effects of the family, then those on held-out lines."""
    experiment: Row = {"experiment": report.experiment}
    rows = (
        {**experiment, "configuration": comparison.labels.get(str(row["configuration_id"])), **row}
        for row in _rows(comparison)
    )
    write_table(path, COLUMNS, rows)


def _rows(comparison: Comparison) -> Iterator[Row]:
    yield from map(_estimate_row, comparison.estimates)
    for effect in comparison.effects:
        yield {"row": "effect", "family": comparison.family.size, **_effect_cells(effect)}
    for effect in comparison.confirmation:
        yield {"row": "confirmation", **_effect_cells(effect)}


def _estimate_row(estimate: Estimate) -> Row:
    noise = estimate.noise
    return {
        "row": "estimate",
        "configuration_id": estimate.configuration,
        "dataset": estimate.dataset,
        "metric": estimate.metric,
        "kind": estimate.kind,
        "value": estimate.value,
        **_interval_cells(estimate.interval),
        "n": estimate.n,
        "errors": estimate.errors,
        "missing": estimate.missing,
        "clusters": estimate.clusters,
        "sd_lines": noise and noise.lines,
        "sd_model": noise and noise.model,
        "sd_judge": noise and noise.judge,
        "stopped_after": estimate.stopped_after,
    }


def _effect_cells(effect: Effect) -> Row:
    return {
        "configuration_id": effect.configuration,
        "dataset": effect.dataset,
        "metric": effect.metric,
        "kind": effect.kind,
        "value": effect.difference,
        **_interval_cells(effect.interval),
        "stopped_after": effect.stopped_after,
        "role": effect.role,
        "direction": effect.direction,
        "baseline_value": effect.baseline_value,
        "pairs": effect.pairs,
        "wins": effect.wins,
        "losses": effect.losses,
        "ties": effect.ties,
        "test": effect.test,
        "p": effect.p,
        "p_adjusted": effect.p_adjusted,
        "finding": effect.finding,
        "margin": effect.margin,
        "p_margin": effect.p_margin,
        "reason": effect.reason,
    }


def _interval_cells(interval: Interval | None) -> Row:
    if interval is None:
        return {}
    return {"low": interval.low, "high": interval.high, "interval": interval.method}
