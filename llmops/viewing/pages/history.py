"""One metric of an experiment, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.viewing.history import chart, point
from llmops.viewing.page import page
from llmops.viewing.refusal import invalid
from llmops.viewing.viewer import VIEWER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web


async def show(request: web.Request) -> web.Response:
    """Show the metric that was asked for, or the objective."""
    viewer = request.app[VIEWER]
    entries = await viewer.away(viewer.catalogue.entries)
    experiments = list(dict.fromkeys(entry.experiment for entry in entries))
    experiment = _one_of("experiment", request.query.get("experiment", ""), experiments)
    runs = [entry for entry in reversed(entries) if entry.experiment == experiment]
    findings = await viewer.away(lambda: [entry.finding for entry in runs])
    estimates = [each for finding in reversed(findings) for each in finding.estimates]
    metrics = list(dict.fromkeys(each.metric for each in estimates))
    datasets = list(dict.fromkeys(each.dataset for each in estimates))
    metric = _one_of("metric", request.query.get("metric", ""), metrics)
    dataset = _one_of("dataset", request.query.get("dataset", ""), datasets)
    points = [point(entry, metric, dataset) for entry in runs]
    return page(
        request,
        "history.html",
        choices={
            "experiment": (experiment, experiments),
            "metric": (metric, metrics),
            "dataset": (dataset, datasets),
        },
        metric=metric,
        dataset=dataset,
        chart=chart(points),
        confidence=" or ".join(sorted({f"{each.confidence:.0%}" for each in findings})),
        points=points[::-1],
    )


def _one_of(name: str, wanted: str, known: Sequence[str]) -> str:
    """Return what is wanted, or the first where nothing is."""
    if wanted and wanted not in known:
        raise invalid(name, wanted, f"known are {', '.join(known)}")
    return wanted or next(iter(known), "")
