"""The addresses of a service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from llmops.errors import Fault
from llmops.serving.event_stream import MEDIA_TYPE, stream
from llmops.serving.inputs import read_inputs
from llmops.serving.json_body import kind_of, read_object
from llmops.serving.openapi import openapi
from llmops.serving.refusal import Refused, invalid
from llmops.serving.requests import (
    REQUEST_ID,
    SAID,
    SANE_ID,
    SERVICE,
    as_json,
    keyed,
    observed,
    sane,
    worded,
)
from llmops.serving.service import Asked

if TYPE_CHECKING:
    from aiohttp.typedefs import Middleware

    from llmops.serving.service import Service

_JSON: Final = "application/json"
_TAKEN: Final = frozenset({MEDIA_TYPE, _JSON, "application/*", "*/*"})


def application(service: Service, *tracing: Middleware) -> web.Application:
    """Return the application; without a log there is no place for feedback."""
    app = web.Application(
        middlewares=(observed, *tracing, worded, keyed), client_max_size=service.settings.max_bytes
    )
    app[SERVICE] = service
    app.add_routes(
        [
            web.post("/score", score),
            web.get("/health", health),
            web.get("/ready", ready),
            web.get("/version", version),
            web.get("/metrics", metrics),
            web.get("/openapi.json", described),
        ]
    )
    if service.log:
        app.add_routes([web.post("/feedback", feedback)])
    return app


async def score(request: web.Request) -> web.StreamResponse:
    """Answer with the flow's outputs: as JSON, or in a stream of events."""
    service = request.app[SERVICE]
    accepted = _accepted(request)
    inputs = read_inputs(await _body(request), service.served.interface.inputs)
    if service.settings.log_inputs:
        request[SAID]["inputs"] = inputs
    unit = sane(request.headers.get("X-Unit", ""))
    asked = Asked(request=request[REQUEST_ID], unit=unit, inputs=inputs)
    if MEDIA_TYPE in accepted:
        return await stream(request, asked)
    return as_json(await service.answer(asked))


async def feedback(request: web.Request) -> web.Response:
    """Keep what is said of an earlier request."""
    said = read_object(await _body(request))
    named = said.pop("request_id", None)
    if not isinstance(named, str) or not SANE_ID.fullmatch(named):
        allowed = "allowed: the X-Request-Id of the answer"
        raise invalid([Fault(where="body.request_id", seen=kind_of(named), allowed=allowed)])
    request.app[SERVICE].keep_feedback(named, said)
    return as_json({"status": "Feedback received."})


async def health(request: web.Request) -> web.Response:
    """Tell that the process answers."""
    return as_json({"status": "Healthy", "version": request.app[SERVICE].served.release.label})


async def ready(request: web.Request) -> web.Response:
    """Tell whether new requests should come here."""
    draining = request.app[SERVICE].draining
    return as_json({"status": "draining" if draining else "ready"}, 503 if draining else 200)


async def version(request: web.Request) -> web.Response:
    """Say what is served."""
    service = request.app[SERVICE]
    release = service.served.release
    return as_json(
        {
            "release": release.label,
            "digest": release.digest,
            "configuration": release.configuration,
            "deployment": service.settings.deployment,
        }
    )


async def metrics(request: web.Request) -> web.Response:
    """Return the counts."""
    text = request.app[SERVICE].metrics.text()
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def described(request: web.Request) -> web.Response:
    """Return the description."""
    service = request.app[SERVICE]
    return as_json(openapi(service.served, feedback=service.log is not None))


def _accepted(request: web.Request) -> frozenset[str]:
    """Return the media types that the client takes; a stream only where it says so.

    Raises:
        Refused: with 406 when it takes none of ours.
    """
    stated = ",".join(request.headers.getall("Accept", [])) or "*/*"
    accepted = frozenset(each.partition(";")[0].strip().lower() for each in stated.split(","))
    if not accepted & _TAKEN:
        raise Refused(406, f"Accept: allowed: {_JSON}, {MEDIA_TYPE}", "not_acceptable")
    return accepted


async def _body(request: web.Request) -> bytes:
    """Return the body.

    Raises:
        Refused: when it is too large, too slow, broken, or no JSON by its own account.
    """
    settings = request.app[SERVICE].settings
    if request.headers.get("Content-Type") and request.content_type != _JSON:
        seen = f"Content-Type: {request.content_type[:80]}; allowed: {_JSON}"
        raise Refused(415, seen, "content_type")
    large = f"the body is too large; allowed: {settings.max_bytes} bytes"
    if (request.content_length or 0) > settings.max_bytes:
        raise Refused(413, large, "too_large")
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, large, "too_large") from None
    except TimeoutError:
        message = f"the body did not arrive within {settings.timeout_seconds:g} s"
        raise Refused(408, message, "slow") from None
    except web.RequestPayloadError:
        raise Refused(400, "the body is broken off or wrongly encoded", "broken") from None
