"""How a release is served."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from llmops.errors import ConfigError, Fault

KEY_VARIABLE: Final = "LLMOPS_SERVE_KEY"
_DEPLOYMENT: Final = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`concurrency` and `queue` count requests of one process: in work, and waiting for that.

    A connection without a request, or with half of a request's head, is closed after
    `keep_alive_seconds`.

    `deployment` is how the logs name this service. `log_sample` is the share of requests in the
    production log; there is none at 0.
    """

    deployment: str
    log_folder: Path
    host: str = "127.0.0.1"
    port: int = 8080
    concurrency: int = 32
    queue: int = 64
    timeout_seconds: float = 60.0
    grace_seconds: float = 30.0
    keep_alive_seconds: float = 75.0
    max_bytes: int = 4 * 1024 * 1024
    log_inputs: bool = False
    log_sample: float = 1.0
    workers: int = 1

    def __post_init__(self) -> None:
        """Refuse a deployment that is no name: it is part of a path.

        Raises:
            ConfigError: when it is none.
        """
        if not _DEPLOYMENT.fullmatch(self.deployment):
            allowed = "letters, digits and . _ -, in one part or two (a/b)"
            raise ConfigError(
                [Fault(where="--deployment", seen=repr(self.deployment), allowed=allowed)]
            )
