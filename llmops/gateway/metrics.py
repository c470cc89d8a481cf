"""Counts for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

if TYPE_CHECKING:
    from llmops.gateway.deployments import Deployments
    from llmops.gateway.exchange import Exchange

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """One gateway's numbers, in a registry of their own."""

    def __init__(self) -> None:
        """Start at nothing."""
        disable_created_metrics()
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "llmops_gateway_requests",
            "Requests by the deployment that answered and by status",
            ["deployment", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "llmops_gateway_request_seconds",
            "Seconds from a request's arrival to the end of its answer",
            ["deployment"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._retries = Counter(
            "llmops_gateway_retries", "Further tries of a request", registry=self._registry
        )
        self.mirrored = Counter(
            "llmops_gateway_mirrored",
            "Copies by the deployment they were for and what became of them",
            ["deployment", "outcome"],
            registry=self._registry,
        )
        self._up = self._gauge("up", "1 for a healthy instance", "instance")
        self._in_flight = self._gauge("in_flight", "Requests in work", "instance")
        self._percent = self._gauge("percent", "The share of the requests")

    def count(self, exchange: Exchange) -> None:
        """Count a request that has ended."""
        self._requests.labels(exchange.deployment, exchange.status).inc()
        self._seconds.labels(exchange.deployment).observe(exchange.seconds)
        if exchange.retried:
            self._retries.inc(exchange.retried)

    def text(self, deployments: Deployments) -> bytes:
        """Return everything in Prometheus's text format."""
        for gauge in (self._up, self._in_flight, self._percent):
            gauge.clear()
        for name, deployment in deployments.active.items():
            self._percent.labels(name).set(deployment.backend.percent)
        for each in deployments.instances():
            self._up.labels(each.deployment, each.address).set(each.up)
            self._in_flight.labels(each.deployment, each.address).set(each.in_flight)
        return generate_latest(self._registry)

    def _gauge(self, name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(
            f"llmops_gateway_{name}",
            documentation,
            ["deployment", *labels],
            registry=self._registry,
        )
