"""The lines of a recording: a header, then one request with its answer or its failure each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from llmops.domain.call import CallFailure, ModelResponse, Sample, Usage
from llmops.recording.request import RecordedRequest, json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.call import FailureKind

FORMAT: Final = "llmops recording"
VERSION: Final = 1

Fields = dict[str, Any]
"""A decoded JSON object; one of another form raises LookupError, TypeError or ValueError."""

Outcome = ModelResponse | CallFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`run` is the run that was recorded, `connections` those that it could ask."""

    run: str
    connections: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one sample of a request got; of several records of a sample the last counts."""

    request: RecordedRequest
    sample: Sample
    outcome: Outcome


def header_fields(header: Header) -> Fields:
    """Return the JSON object of the first line."""
    connections = list(header.connections)
    return {"format": FORMAT, "version": VERSION, "run": header.run, "connections": connections}


def header_of(fields: Fields) -> Header:
    """Return what the first line says.

    Raises:
        ValueError: when it is no header, or of a version that this package does not know.
    """
    if fields.get("format") != FORMAT:
        raise ValueError("no recording of a run; published answers need `question`")
    if fields.get("version") != VERSION:
        raise ValueError(f"version {fields.get('version')} of the format; known is {VERSION}")
    return Header(run=str(fields["run"]), connections=[str(name) for name in fields["connections"]])


def request_fields(request: RecordedRequest, sample: Sample) -> Fields:
    """Return the part of a line that says what was asked, and for whom."""
    return {
        "key": request.digest,
        "masked": request.masked,
        "request": request.fields(),
        "sample": [sample.dataset, sample.line, sample.repeat, sample.group, sample.node],
    }


def outcome_fields(outcome: Outcome) -> Fields:
    """Return the part of a line that says what came back."""
    if isinstance(outcome, CallFailure):
        failure = {"kind": outcome.kind, "message": str(outcome), "status": outcome.status}
        return {"failure": failure}
    usage = outcome.usage
    return {
        "answer": {
            "body": outcome.body,
            "model": outcome.model,
            "seconds": outcome.seconds,
            "usage": [usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens],
        }
    }


def record_of(fields: Fields) -> Record:
    """Return what a line says.

    Raises:
        ValueError: when the request is not the one that was recorded.
    """
    request = RecordedRequest(json_text(fields["request"]), masked=bool(fields["masked"]))
    if request.digest != fields["key"]:
        raise ValueError("the request is not the one that was recorded: its key differs")
    dataset, line, repeat, group, node = fields["sample"]
    sample = Sample(dataset=dataset, line=line, repeat=repeat, group=group, node=node)
    outcome = failure_of(fields) if "failure" in fields else answer_of(fields)
    return Record(request=request, sample=sample, outcome=outcome)


def answer_of(fields: Fields) -> ModelResponse:
    """Return the answer of a line."""
    answer: Fields = fields["answer"]
    prompt, completion, cached = answer["usage"]
    return ModelResponse(
        body=dict(answer["body"]),
        usage=Usage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached),
        seconds=float(answer["seconds"]),
        model=answer["model"],
    )


def failure_of(fields: Fields) -> CallFailure:
    """Return the failure of a line; it was final, so it is not worth another attempt."""
    failure: Fields = fields["failure"]
    kind = cast("FailureKind", failure["kind"])
    return CallFailure(kind, failure["message"], status=failure["status"])
