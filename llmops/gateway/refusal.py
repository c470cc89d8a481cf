"""What the gateway itself answers, in the shape that the deployments use."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

DISCONNECTED: Final = 499
"""What the log says of a client that did not wait; nobody is sent it."""


@dataclass(eq=False)
class Refused(Exception):  # noqa: N818  an answer, no error of ours
    """An answer of the gateway's own."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def response(self) -> web.Response:
        """Return what the client gets."""
        code = "UserError" if self.status < 500 else "SystemError"
        content = {"error": {"code": code, "message": self.message}}
        return web.Response(
            text=json.dumps(content, ensure_ascii=False),
            status=self.status,
            headers=self.headers,
            content_type="application/json",
        )
