"""The process's log: one JSON object a line on standard error, without secrets."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from llmops.store.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.redaction import Redactor

FIELDS = "fields"
"""Where a record has what it says beside its message: `extra={FIELDS: {...}}`."""


class _JsonLines(logging.Formatter):
    def __init__(self, redact: Redactor, common: Mapping[str, object]) -> None:
        super().__init__()
        self._redact, self._common = redact, common

    def format(self, record: logging.LogRecord) -> str:
        content: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **self._common,
            **cast("Mapping[str, object]", getattr(record, FIELDS, {})),
        }
        if record.exc_info and record.exc_info[0]:
            # Where it happened, and no message: that may hold what a client sent.
            content["exception"] = record.exc_info[0].__name__
            content["stack"] = traceback.format_tb(record.exc_info[2])
        return self._redact(encode(content))


def log_as_json(redact: Redactor, **common: object) -> None:
    """Have everything that is logged in this process written so; `common` is in every line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines(redact, common))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("llmops").setLevel(logging.INFO)
