"""Tells a tracker of a run, from its evidence and its written report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.review import Review
from llmops.trackers import mlflow
from llmops.trackers.content import content_of

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.trackers.mlflow import Logged

_ARTIFACTS: Final = (
    "report.html",
    "report.json",
    "summary.md",
    "junit.xml",
    "metrics.csv",
    "comparison.csv",
    "results.csv",
    "manifest.json",
)


def track(folder: Path, *, tracking_uri: str, experiment: str | None = None) -> Logged:
    """Log a run to an MLflow server; into the experiment of its own name unless told otherwise.

    Raises:
        ConfigError: when MLflow is not installed.
        LLMOpsError: when the evidence can't be read, or the server refuses.
    """
    review = Review(folder)
    code = review.reader.manifest.get("code", {})
    content = content_of(
        review.numbers,
        review.comparison,
        review.gates(None),
        tags={"mlflow.source.git.commit": code["commit"]} if "commit" in code else {},
        artifacts=[folder / name for name in _ARTIFACTS if (folder / name).is_file()],
    )
    return mlflow.log(
        content, tracking_uri=tracking_uri, experiment=experiment or review.numbers.experiment
    )
