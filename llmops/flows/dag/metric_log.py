"""`log_metric`: each aggregation collects its own, however many run at once."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Generator

_collected: ContextVar[dict[str, object] | None] = ContextVar("_collected", default=None)

_PROMPTFLOW: Final = "promptflow._core.metric_logger"


class _MetricLogger(Protocol):
    def add_metric_logger(self, logger_func: object) -> None: ...


def log_metric(key: str, value: object, variant_id: str | None = None) -> None:
    """Log a metric of the aggregation that runs this; elsewhere it does nothing."""
    del variant_id
    collected = _collected.get()
    if collected is not None:
        collected[key] = value


@contextmanager
def collect_metrics() -> Generator[dict[str, object]]:
    """Collect what is logged in this context and in the threads that inherit it."""
    if _PROMPTFLOW in sys.modules:  # its `log_metric` tells every logger; ours looks at the context
        cast("_MetricLogger", sys.modules[_PROMPTFLOW]).add_metric_logger(log_metric)
    metrics: dict[str, object] = {}
    token = _collected.set(metrics)
    try:
        yield metrics
    finally:
        _collected.reset(token)
