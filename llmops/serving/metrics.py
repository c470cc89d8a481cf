"""Counts for Prometheus; of all workers together where there are several."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from llmops.domain.release import Release

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Prometheus's own; it counts for its client when that is first imported."""

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """One service's numbers, in a registry of their own."""

    def __init__(self, release: Release, deployment: str) -> None:
        """Start at nothing; the release is itself a metric."""
        disable_created_metrics()
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "llmops_requests", "Requests to /score", ["status"], registry=self.registry
        )
        self.seconds = Histogram(
            "llmops_request_seconds",
            "Seconds from a request's arrival to its answer, waiting included",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_work = self._gauge("llmops_requests_in_work", "Requests being answered")
        self.waiting = self._gauge("llmops_requests_waiting", "Requests that wait for a place")
        self.calls = Counter("llmops_model_calls", "Answered model calls", registry=self.registry)
        self.tokens = Counter(
            "llmops_tokens", "Tokens as the provider counts them", ["kind"], registry=self.registry
        )
        self.unlogged = Counter(
            "llmops_production_log_failures",
            "Records that could not be written to the production log",
            registry=self.registry,
        )
        about = {
            "release": release.label,
            "digest": release.digest,
            "configuration": str(release.configuration["label"]),
            "deployment": deployment,
        }
        Gauge(
            "llmops_release",
            "What is served; always 1",
            [*about],
            registry=self.registry,
            multiprocess_mode="max",
        ).labels(**about).set(1)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return generate_latest(together)

    def _gauge(self, name: str, documentation: str) -> Gauge:
        return Gauge(name, documentation, registry=self.registry, multiprocess_mode="livesum")
