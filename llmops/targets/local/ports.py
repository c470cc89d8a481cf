"""Ports that stay free for a process while it is started again."""

from __future__ import annotations

import secrets
import socket
from typing import Final

from llmops.errors import TargetError

_RANGE: Final = range(20_000, 30_000)
"""Below those that systems give to outgoing connections (Linux from 32,768, macOS from 49,152)."""
_TRIES: Final = 100


def free_port(host: str) -> int:
    """Return a port that nobody listens on now.

    Raises:
        TargetError: when none is found, or the host is not this machine.
    """
    for _ in range(_TRIES):
        port = secrets.choice(_RANGE)
        if not why_taken(host, port):
            return port
    reason = why_taken(host, _RANGE[0])
    raise TargetError(f"{host}: no port can be used: {reason}; state another host")


def why_taken(host: str, port: int) -> str:
    """Return why nobody can listen there now; empty when one can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""
