"""The service in OpenAPI 3.1, with the flow's own inputs and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.domain.flow import REQUIRED
from llmops.serving.input_types import input_type
from llmops.serving.requests import PROBES, SANE_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.flow import FlowInput
    from llmops.serving.served import Served

    Raw = dict[str, object]

_FAILURES: Final[Mapping[int, str]] = {
    400: "The body is no JSON, or not what is taken",
    401: "The key is missing or wrong",
    406: "The client takes neither JSON nor an event stream",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body is not application/json",
    429: "Too many requests are waiting; Retry-After says when to come back",
    500: "The flow failed",
    502: "The model's provider failed",
    503: "Not now; Retry-After says when to come back",
    504: "The time limit is over",
}
_TEXT: Final[Raw] = {"type": "string"}
_ERROR: Final[Raw] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"enum": ["UserError", "SystemError"]}, "message": _TEXT},
        }
    },
}
_FEEDBACK: Final[Raw] = {
    "type": "object",
    "required": ["request_id"],
    "properties": {"request_id": {**_TEXT, "pattern": f"^{SANE_ID.pattern}$"}},
}


def openapi(served: Served, *, feedback: bool) -> Raw:
    """Return the description; `feedback` tells whether it is taken."""
    release, inputs = served.release, served.interface.inputs
    outputs: Raw = {
        "type": "object",
        "required": list(served.interface.outputs),
        "properties": {name: {} for name in served.interface.outputs},
    }
    answers = {**_json(outputs), "text/event-stream": {"schema": _TEXT}}
    asked: Raw = {"schema": _inputs(inputs)}
    if served.sample:
        asked["example"] = served.sample
    write = _Paths(keyed=bool(served.key))
    write.get("/health", "Tells that the process answers", _json(_object("status", "version")))
    write.get("/ready", "Tells whether requests are answered", _json(_object("status")))
    write.get("/version", "Says what is served", _json(_object("release", "digest", "deployment")))
    write.get("/metrics", "Counts, for Prometheus", {"text/plain": {"schema": _TEXT}})
    write.get("/openapi.json", "Describes the service", _json(_object("openapi")))
    failures = tuple(status for status in _FAILURES if status != 401)
    write.post("/score", "Answers as the flow answers a line", asked, answers, failures)
    if feedback:
        summary = "Keeps what is said of an answer, by its X-Request-Id"
        failures = (400, 408, 413, 415, 503)
        write.post("/feedback", summary, {"schema": _FEEDBACK}, _json(_object("status")), failures)
    return {
        "openapi": "3.1.0",
        "info": {"title": release.name, "version": str(release.number)},
        "paths": write.paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Paths:
    """The operations so far; where the service has a key, all but the probes ask for it."""

    def __init__(self, *, keyed: bool) -> None:
        self.paths: Raw = {}
        self._keyed = keyed

    def get(self, path: str, summary: str, answer: Raw) -> None:
        operation = self._operation(path, summary, answer, ())
        if path == "/ready":
            no_more = {"description": "Draining", "content": answer}
            ready = {"description": summary, "content": answer}
            operation["responses"] = {"200": ready, "503": no_more}
        self.paths[path] = {"get": operation}

    def post(
        self, path: str, summary: str, asked: Raw, answer: Raw, failures: Sequence[int]
    ) -> None:
        body: Raw = {"required": True, "content": {"application/json": asked}}
        operation = self._operation(path, summary, answer, failures)
        self.paths[path] = {"post": {**operation, "requestBody": body}}

    def _operation(self, path: str, summary: str, answer: Raw, failures: Sequence[int]) -> Raw:
        keyed = self._keyed and path not in PROBES
        error = _json({"$ref": "#/components/schemas/Error"})
        responses: Raw = {"200": {"description": summary, "content": answer}}
        for status in (*failures, *((401,) if keyed else ())):
            responses[str(status)] = {"description": _FAILURES[status], "content": error}
        operation: Raw = {"summary": summary, "responses": responses}
        if keyed:
            operation["security"] = [{"key": []}]
        return operation


def _inputs(inputs: Sequence[FlowInput]) -> Raw:
    return {
        "type": "object",
        "required": [each.name for each in inputs if each.default is REQUIRED],
        "properties": {each.name: _input(each) for each in inputs},
        "additionalProperties": False,
    }


def _input(each: FlowInput) -> Raw:
    schema: Raw = dict(input_type(each.type).schema)
    if each.default is None and schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema if each.default is REQUIRED else {**schema, "default": each.default}


def _object(*names: str) -> Raw:
    return {"type": "object", "required": [*names], "properties": dict.fromkeys(names, _TEXT)}


def _json(schema: Raw) -> Raw:
    return {"application/json": {"schema": schema}}
