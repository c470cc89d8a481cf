"""How the page puts numbers and findings into words. It claims no more than was computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmops.domain.report import ConfigurationReport, RunReport


@dataclass(frozen=True, slots=True)
class Finding:
    """The sentence a reader takes away, and what has to be known to read it rightly."""

    title: str
    caveats: tuple[str, ...]


def finding(report: RunReport) -> Finding:
    """Return what the run found."""
    return Finding(_title(report), tuple(_caveats(report)))


def number(value: float | None) -> str:
    """Return a metric's value; a dash for none.

    >>> [number(value) for value in (0.80912, 1234.5, 12, None)]
    ['0.809', '1,234.5', '12.000', '—']
    """
    if value is None:
        return "—"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3f}"


def money(value: float | None) -> str:
    """Return an amount with two decimals, or two digits that say something.

    >>> [money(value) for value in (12.3456, 0.000123, 0.0, None)]
    ['12.35', '0.00012', '0', '—']
    """
    if value is None:
        return "—"
    if value == 0:
        return "0"
    return f"{value:,.2f}" if value >= 1 else f"{value:.{2 - _exponent(value)}f}"


def seconds(value: float | None) -> str:
    """Return a latency.

    >>> [seconds(value) for value in (0.0042, 0.25, 61.234, None)]
    ['4 ms', '250 ms', '61.2 s', '—']
    """
    if value is None:
        return "—"
    return (
        f"{value * 1000:.0f} ms"
        if value < 1
        else f"{value:.2f} s"
        if value < 10
        else f"{value:.1f} s"
    )


def percent(share: float) -> str:
    """Return a share.

    >>> percent(0.254)
    '25 %'
    """
    return f"{share * 100:.0f} %"


def _title(report: RunReport) -> str:
    if report.objective is None:
        return f"{len(report.configurations)} configurations, in the order planned"
    metric, best = report.objective.metric, report.best
    if not best:
        return f"No configuration has {metric} on every dataset"
    value = number(best[0].value(metric))
    if len(report.configurations) == 1:
        return f"Mean {metric} is {value}"
    names = _listed([item.key for item in best])
    verb = "is best" if len(best) == 1 else "tie for best"
    return f"{names} {verb} by mean {metric}: {value}"


def _caveats(report: RunReport) -> Iterator[str]:
    if report.status != "completed":
        missing = f"{report.figures.missing:,} of {report.figures.lines:,} results"
        yield f"This run is {report.status.replace('_', ' ')}: {missing} are missing."
    if report.objective is None:
        yield "The experiment names no objective, so nothing is ranked."
        return
    metric, baseline = report.objective.metric, report.baseline
    if report.best and baseline and baseline not in report.best:
        yield f"The baseline {baseline.key} has {number(baseline.value(metric))}."
    if report.best and len(report.configurations) > 1:
        yield "No significance test was made: the difference may be chance."
    for item in report.best:
        yield from _unscored(item, metric)
    unranked = [item.key for item in report.configurations if item.value(metric) is None]
    if unranked and report.best:
        yield f"Not ranked, for want of {metric} on some dataset: {_listed(unranked)}."


def _unscored(item: ConfigurationReport, metric: str) -> Iterator[str]:
    """Say when a mean rests on fewer lines than were planned."""
    scored = sum(cell.scores[metric].n for cell in item.cells)
    if scored < item.figures.lines:
        yield (
            f"{item.key} was scored on {scored:,} of {item.figures.lines:,} lines; "
            "the others are missing, not wrong."
        )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2]) + 1
