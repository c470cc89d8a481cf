"""What every request has: an id, a key where one is asked for, an answer in words, a log line."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from llmops.serving.json_logging import FIELDS
from llmops.serving.refusal import DISCONNECTED, Refused
from llmops.serving.service import Service
from llmops.store.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SERVICE: Final = web.AppKey("service", Service)
REQUEST_ID: Final = web.RequestKey("request_id", str)
SAID: Final = web.RequestKey("said", dict[str, Any])
"""What the request's line in the log says beside the usual."""

SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
PROBES: Final = frozenset({"/health", "/ready"})
_UNLOGGED: Final = PROBES | {"/metrics"}
_LOG: Final = logging.getLogger(__name__)
_WORDS: Final[Mapping[int, str]] = {
    404: "there is nothing here; /openapi.json says what there is",
    405: "not with this method",
    413: "the body is too large",
}


@web.middleware
async def observed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Name, time, count and log the request."""
    service = request.app[SERVICE]
    started = time.perf_counter()
    request[REQUEST_ID] = sane(request.headers.get("X-Request-Id", "")) or uuid.uuid4().hex
    request[SAID] = {}
    status = DISCONNECTED
    try:
        with service.active():
            response = await handler(request)
        status = request[SAID].get("status", response.status)
    finally:
        _tell(request, service, status, time.perf_counter() - started)
    if not response.prepared:
        complete(request, response)
    return response


def complete(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that every answer has, before the first byte is sent."""
    response.headers["Server"] = "llmops"
    response.headers["X-Request-Id"] = request[REQUEST_ID]
    response.headers["X-Deployment"] = request.app[SERVICE].settings.deployment
    if request.app[SERVICE].draining or not request.content.is_eof():
        response.force_close()  # what is left of a body would be taken for the next request


@web.middleware
async def worded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever goes wrong in one shape."""
    try:
        return await handler(request)
    except Refused as error:
        request[SAID]["kind"] = error.kind
        refused = error
    except web.HTTPException as error:
        kept = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        refused = Refused(error.status, _WORDS.get(error.status, error.reason), "http", kept)
    except ConnectionResetError:
        refused = Refused(DISCONNECTED, "the client did not wait", "disconnected")
    except Exception as error:  # noqa: BLE001  a defect has an answer too
        _LOG.exception("defect", extra={FIELDS: {"request": request[REQUEST_ID]}})
        refused = Refused(500, "a defect of this service; its log says more", type(error).__name__)
    return as_json(refused.content(), refused.status, refused.headers)


@web.middleware
async def keyed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for the key, where there is one; probes have none."""
    key = request.app[SERVICE].served.key
    if key and request.path not in PROBES:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not _same(shown.strip(), key):
            message = "the key is missing or wrong; send Authorization: Bearer KEY"
            raise Refused(401, message, "key", {"WWW-Authenticate": "Bearer"})
    return await handler(request)


def sane(name: str) -> str:
    """Return the name as it may stand in a log and a header, empty if it may not."""
    return name if SANE_ID.fullmatch(name) else ""


def as_json(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return anything as JSON."""
    body = encode(content).encode("utf-8", "replace")
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _tell(request: web.Request, service: Service, status: int, seconds: float) -> None:
    if request.path == "/score":
        service.metrics.requests.labels(str(status)).inc()
        service.metrics.seconds.observe(seconds)
    if request.path in _UNLOGGED and status < 400:
        return
    told = {
        "request": request[REQUEST_ID],
        "method": request.method,
        "path": request.path,
        "status": status,
        "seconds": round(seconds, 6),
        **request[SAID],
    }
    _LOG.info("answered", extra={FIELDS: told})


def _same(shown: str, key: str) -> bool:
    """Compare in a time that tells nothing, not even a length."""
    digests = (hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (shown, key))
    return hmac.compare_digest(*digests)
