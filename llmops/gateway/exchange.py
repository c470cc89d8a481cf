"""One request and what became of it, as log and metrics tell it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from llmops.gateway.refusal import DISCONNECTED


@dataclass(slots=True, kw_only=True)
class Exchange:
    """`deployment` is who answered, or was last asked; empty when nobody was.

    `key` is the sticky key, which is nobody else's business; empty for none. `broken_off_by` says
    whose connection ended before the answer was whole; empty for none's.
    """

    request_id: str
    method: str
    path: str
    deployment: str = ""
    status: int = DISCONNECTED
    key: str = field(default="", repr=False)
    broken_off_by: Literal["", "client", "deployment"] = ""
    seconds: float = 0.0
    _tries: int = 0
    _started: float = field(default_factory=time.perf_counter)

    @property
    def retried(self) -> int:
        """Return how many times it was sent again."""
        return max(0, self._tries - 1)

    def ask(self, deployment: str) -> None:
        """Note a try."""
        self.deployment = deployment
        self._tries += 1

    def end(self) -> None:
        """Stop the clock."""
        self.seconds = time.perf_counter() - self._started
