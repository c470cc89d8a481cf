"""A span for each request to /score, in the caller's trace; it holds no input and no output."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from aiohttp import web
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from llmops.serving.requests import REQUEST_ID, SAID

if TYPE_CHECKING:
    from collections.abc import Generator

    from aiohttp.typedefs import Middleware

    from llmops.domain.release import Release
    from llmops.serving.requests import Handler

_PARENT: Final = TraceContextTextMapPropagator()


@contextmanager
def tracing(release: Release, deployment: str) -> Generator[Middleware]:
    """Give what traces requests; the spans that are left are sent at the end.

    OpenTelemetry's own variables say where to, and with which headers.
    """
    about = {"service.name": deployment, "service.version": release.label}
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("llmops.serving")

    @web.middleware
    async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/score":
            return await handler(request)
        with tracer.start_as_current_span(
            "POST /score",
            context=_PARENT.extract(request.headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": request.method, "request.id": request[REQUEST_ID]},
        ) as span:
            response = await handler(request)
            span.set_attribute("http.response.status_code", response.status)
            if response.status >= 500:
                span.set_status(StatusCode.ERROR, str(request[SAID].get("kind", "")))
            return response

    try:
        yield traced
    finally:
        provider.shutdown()
