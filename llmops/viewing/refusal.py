"""Every refusal and failure, in one shape of words: as a page, or as JSON for a script that asks.

Nothing of a request but its path is ever repeated in them or logged: its query may hold the token.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aiohttp import web

from llmops.errors import ApprovalError, ConfigError, Fault, GateError, LLMOpsError
from llmops.viewing.page import PAGES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG: Final = logging.getLogger(__name__)
_SEEN: Final[Mapping[int, str]] = {
    400: "the request cannot be read",
    404: "there is no such page",
    405: "this page does not take such a request",
    413: "the request is too large",
}
_NEXT: Final = "go back to the runs"


class Refused(Exception):  # noqa: N818  not an error of ours
    """A request that is not answered as asked."""

    def __init__(self, status: int, fault: Fault) -> None:
        """Keep the HTTP status and the words."""
        self.status = status
        self.fault = fault
        super().__init__(str(fault))


def not_found(where: str, allowed: str = "") -> Refused:
    """Return the refusal of a name that nothing here has."""
    seen = "there is nothing of this name"
    return Refused(404, Fault(where=where, seen=seen, allowed=allowed, next_step=_NEXT))


def invalid(where: str, seen: str, allowed: str = "") -> Refused:
    """Return the refusal of a value that was sent."""
    return Refused(422, Fault(where=where, seen=seen, allowed=allowed))


@web.middleware
async def worded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever goes wrong with its status and words."""
    try:
        return await handler(request)
    except Refused as refused:
        return _answer(request, refused.status, str(refused))
    except web.HTTPRedirection:
        raise
    except web.HTTPException as failure:
        fault = Fault(
            where=request.path,
            seen=_SEEN.get(failure.status, failure.reason),
            next_step=_NEXT,
        )
        response = _answer(request, failure.status, str(fault))
        if "Allow" in failure.headers:
            response.headers["Allow"] = failure.headers["Allow"]
        return response
    except LLMOpsError as error:
        return _answer(request, _status(error), str(error))
    except Exception:  # noqa: BLE001  a defect has a page too
        _LOG.exception("%s %s failed", request.method, request.path)
        seen = "a defect of this viewer; its terminal says more"
        return _answer(request, 500, str(Fault(where=request.path, seen=seen, next_step=_NEXT)))


def _status(error: LLMOpsError) -> int:
    return 422 if isinstance(error, ConfigError | GateError | ApprovalError) else 500


def _answer(request: web.Request, status: int, words: str) -> web.Response:
    if request.headers.get("Accept") == "application/json":
        return web.json_response({"error": words}, status=status)
    page = request.app[PAGES].error(status, words)
    return web.Response(text=page, status=status, content_type="text/html")
