"""`llmops serve` with `Accept: text/event-stream`: the model's text as it comes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sample_project import KEY
from served_release import Answer, production_log, release_flow, serving

from llmops.domain.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPConnection

    from llm_stub import LLMStub
    from sample_project import Project
    from served_release import Serving

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def released(project: Project) -> Project:
    release_flow(project.folder, project.folder / "flows" / "classify_messages")
    return project


@pytest.fixture
def service(released: Project) -> Iterator[Serving]:
    with serving(released, "messages/1") as running:
        yield running


def events(answer: Answer) -> list[dict[str, object]]:
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    *found, end = answer.body.decode().split("\n\n")
    assert end == ""
    return [json.loads(each.removeprefix("data: ")) for each in found]


def begin(running: Serving) -> tuple[HTTPConnection, dict[str, object]]:
    """Ask, and return the first event; the answer has no more as long as the stub halts."""
    connection = running.connect()
    connection.request("POST", "/score", b'{"text": "message 1"}', STREAM)
    response = connection.getresponse()
    return connection, json.loads(response.readline().removeprefix(b"data: "))


def test_the_text_comes_while_the_model_writes_and_is_what_it_would_be_at_once(
    released: Project, stub: LLMStub
) -> None:
    with serving(released, "messages/1") as running:
        (whole,) = running.score().content.values()
        stub.reset(halt=1)
        connection, first = begin(running)
        assert set(first) == {"label"}
        assert str(whole).startswith(str(first["label"]))
        assert first["label"] != whole
        stub.release()
        connection.close()
        streamed = events(running.score(**STREAM))
    assert "".join(str(each["label"]) for each in streamed) == whole
    at_once, _, in_pieces = production_log(released)
    for name in ("outputs", "status", "calls", "prompt_tokens", "completion_tokens"):
        assert at_once[name] == in_pieces[name]


def test_a_failure_before_the_text_has_its_status(service: Serving, stub: LLMStub) -> None:
    stub.reset(("400",))
    assert service.score(**STREAM).status == 502
    assert service.ask("/score", {"txt": "a"}, **STREAM).status == 400
    assert service.score(Accept="text/html").status == 406
    assert service.score(Accept="text/html, application/json;q=0.9").status == 200


def test_a_failure_within_the_text_is_the_last_event(service: Serving, stub: LLMStub) -> None:
    stub.reset(("", "trunc"))
    first, last = events(service.score(**STREAM))
    assert set(first) == {"label"}
    assert "broke off" in json.dumps(last["error"])
    assert KEY not in json.dumps(last)
    assert stub.requests == 2, "what is told is not asked again"
    assert service.metric('llmops_requests_total{status="502"}') == 1
    service.end()
    (line,) = [each for each in service.log("answered") if each["path"] == "/score"]
    assert (line["status"], line["kind"]) == (502, "broken_answer")


def test_who_leaves_within_the_text_is_not_waited_for(
    released: Project, service: Serving, stub: LLMStub
) -> None:
    stub.reset(halt=1)
    connection, _ = begin(service)
    connection.close()
    while service.metric("llmops_requests_in_work "):
        assert service.process.poll() is None
    service.end()
    (record,) = production_log(released)
    assert record["error"] == {"kind": "disconnected", "message": "the client did not wait"}
    assert service.log("defect") == []


def test_what_is_no_text_of_a_model_comes_in_one_event(project: Project) -> None:
    flow = project.folder / "flows" / "exact_match"
    release_flow(project.folder, flow, Configuration(), name="match")
    with serving(project, "match/1") as running:
        asked = {"label": "a", "expected": "a"}
        answer = running.ask("/score", asked, **STREAM)
        assert events(answer) == [running.ask("/score", asked).content]
