"""`llmops serve` over the stub: what was measured is what is answered, and nothing breaks it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from textwrap import dedent
from threading import Thread
from typing import TYPE_CHECKING, Any, cast

import pytest
from sample_project import KEY, answers
from served_release import LONG, PROVIDER, production_log, read, release_flow, serving

from llmops.domain.configuration import Configuration
from llmops.registries.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPConnection

    from llm_stub import LLMStub
    from sample_project import Project
    from served_release import Answer, Serving


@pytest.fixture
def released(project: Project) -> Project:
    release_flow(project.folder, project.folder / "flows" / "classify_messages")
    return project


@pytest.fixture
def service(released: Project) -> Iterator[Serving]:
    with serving(released, "messages/1") as running:
        yield running


def test_a_request_is_answered_as_the_run_measured_the_line(released: Project) -> None:
    assert released.llmops("run", "experiments/messages").returncode == 0
    measured = {
        line: answer
        for (of, line), answer in answers(released.runs[-1]).items()
        if of == LONG.label
    }
    with serving(released, "messages/1") as running:
        served = {line: running.score(f"message {line}").content["label"] for line in measured}
    assert served == measured
    assert len(served) == 20


def test_equal_requests_share_nothing(service: Serving, stub: LLMStub) -> None:
    first, second = service.score(), service.score()
    assert first.content == second.content
    assert stub.answered == 4, "both asked both nodes"


def test_the_log_has_what_was_asked_and_answered_and_feedback_joins_it(
    service: Serving, released: Project
) -> None:
    answer = service.score(X_Request_Id="user-7.a", X_Unit="3f9ac2")
    assert answer.headers["X-Request-Id"] == "user-7.a"
    assert answer.headers["X-Deployment"] == "messages/1"
    said = service.ask("/feedback", {"request_id": "user-7.a", "stars": 4})
    assert said.content == {"status": "Feedback received."}
    service.end()
    (record,) = production_log(released)
    assert (record["unit"], record["inputs"]) == ("3f9ac2", {"text": "message 1"})
    assert (record["outputs"], record["status"], record["calls"]) == (answer.content, 200, 2)
    assert record["deployment"] == record["release"] == "messages/1"
    (feedback,) = production_log(released, "feedback")
    assert (feedback["request"], feedback["feedback"]) == (record["request"], {"stars": 4})
    (line,) = [each for each in service.log("answered") if each["path"] == "/score"]
    assert line["request"] == "user-7.a"
    assert "message 1" not in service.said
    assert KEY not in service.said


def test_inputs_are_in_the_other_log_only_where_asked_for(released: Project) -> None:
    with serving(released, "messages/1", "--log-inputs") as running:
        running.score("a rare word")
        assert "a rare word" in running.end()


WRONG = [
    (b"", "no JSON"),
    (b"{", "no JSON"),
    (b"[]", "body: a list; allowed: a JSON object"),
    (b'{"text": "a"', "no JSON"),
    (b'{"text": "\xff"}', "no UTF-8 at byte 10"),
    ('{"text": "a"}'.encode("utf-16"), "no UTF-8"),
    (b'{"text": "\\ud800"}', "surrogate"),
    (b'{"text": NaN}', "NaN is no JSON"),
    (b'{"text": 1e999}', "too large"),
    (b'{"text": ' + b"9" * 5000 + b"}", "no JSON"),
    (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    (b'{"text": ' + b"[" * 64 + b"]" * 64 + b"}", "nested too deeply"),
    (b'{"text": null}', "body.text: null; allowed: text"),
    (b'{"text": 5}', "body.text: a number; allowed: text"),
    (b'{"txt": "a"}', "did you mean 'text'"),
    (b"{}", "body.text: missing"),
    (b'{"inputs": {"text": "a"}}', "body.inputs: the flow has no such input; allowed: text"),
]


def test_a_wrong_body_is_refused_in_words(service: Serving) -> None:
    for body, said in WRONG:
        answer = service.ask("/score", body)
        assert answer.status == 400, body[:80]
        assert said in answer.message, body[:80]


def test_every_other_refusal_has_its_status(service: Serving) -> None:
    def status(path: str, body: bytes | None = None, method: str = "", **headers: str) -> int:
        return service.ask(path, body, method, **headers).status

    good = b'{"text": "a"}'
    assert status("/score", good, Content_Type="text/plain") == 415
    assert status("/score", good, Content_Type="application/json; charset=utf-8") == 200
    assert status("/score", good, Content_Type="") == 200
    assert status("/score", b'{"text": "' + b"a" * 5_000_000 + b'"}') == 413
    assert status("/score", gzip.compress(b" " * 50_000_000), Content_Encoding="gzip") == 413
    assert status("/score", b"no gzip", Content_Encoding="gzip") == 400
    assert status("/score", gzip.compress(good), Content_Encoding="gzip") == 200
    assert status("/score") == 405
    assert status("/nothing") == 404
    assert status("/feedback", b'{"stars": 1}') == 400
    assert status("/feedback", b'{"request_id": "a b"}') == 400


def test_a_name_that_is_not_sane_is_not_taken(service: Serving, released: Project) -> None:
    for sent in ("a b", "x" * 65, "../etc", '"'):
        assert service.score(X_Request_Id=sent, X_Unit=sent).headers["X-Request-Id"] != sent
    service.end()
    assert ["unit" in record for record in production_log(released)] == [False] * 4


def test_a_provider_that_fails_is_no_fault_of_ours(released: Project, stub: LLMStub) -> None:
    with serving(released, "messages/1", "--timeout", "5") as running:
        stub.reset(("400",))
        answer = running.score()
        assert answer.status == 502
        assert answer.content["error"] == {"code": "SystemError", "message": answer.message}
        assert KEY not in answer.message
        assert running.score().status == 200
    failed, good = production_log(released)
    assert failed["outputs"] is None
    assert (failed["status"], good["error"]) == (502, None)


def test_a_request_has_its_time_only(released: Project, stub: LLMStub) -> None:
    stub.hold()
    with serving(released, "messages/1", "--timeout", "2") as running:
        assert running.score().status == 504
        stub.release()
        assert running.score().status == 200


def test_a_body_that_does_not_come_is_not_waited_for(released: Project) -> None:
    with serving(released, "messages/1", "--timeout", "0.3") as running:
        connection = running.connect()
        connection.putrequest("POST", "/score")
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"{")
        assert connection.getresponse().status == 408
        connection.close()


def test_what_cannot_wait_is_told_when_to_come_back(released: Project, stub: LLMStub) -> None:
    stub.hold()
    with (
        serving(released, "messages/1", "--concurrency", "1", "--queue", "2") as running,
        ThreadPoolExecutor(12) as threads,
    ):
        asked = [threads.submit(running.score) for _ in range(12)]
        while running.metric('llmops_requests_total{status="429"}') < 9:
            assert running.metric("llmops_requests_in_work ") <= 1
        assert running.metric("llmops_requests_waiting ") == 2
        stub.release()
        found = [each.result() for each in asked]
        assert running.metric("llmops_requests_in_work ") == 0
        assert running.metric("llmops_requests_waiting ") == 0
    refused = [each for each in found if each.status == 429]
    assert (len(refused), {each.status for each in found}) == (9, {200, 429})
    assert all(int(each.headers["Retry-After"]) >= 1 for each in refused)
    assert stub.answered == 2 * 3


def test_a_client_that_leaves_costs_no_further_call(released: Project, stub: LLMStub) -> None:
    stub.reset(("hang",))
    with serving(released, "messages/1", "--concurrency", "1") as running:
        gone = running.connect()
        gone.request("POST", "/score", b'{"text": "a"}')
        while not stub.requests:
            running.ask("/health")
        gone.close()
        assert running.score().status == 200, "the place is free again"
        running.end()
        left = [each for each in running.log("answered") if each["status"] == 499]
    assert len(left) == 1
    assert stub.answered == 2


def test_a_key_is_asked_for_where_there_is_one(released: Project) -> None:
    with serving(released, "messages/1", LLMOPS_SERVE_KEY="open-sesame-1") as running:
        for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "open-sesame-1"}):
            answer = running.score(**shown)
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert running.score(Authorization="Bearer open-sesame-1").status == 200
        assert [running.ask(path).status for path in ("/health", "/ready")] == [200, 200]
        assert [running.ask(path).status for path in ("/metrics", "/openapi.json")] == [401, 401]
        described = running.ask("/openapi.json", Authorization="bearer open-sesame-1").content
    assert '"security":[{"key":[]}]' in json.dumps(described, separators=(",", ":"))


def test_no_other_origin_may_read(service: Serving) -> None:
    answer = service.score(Origin="https://example.org")
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert service.ask("/score", method="OPTIONS", Origin="https://example.org").status == 405


def test_it_says_what_it_serves(service: Serving, released: Project) -> None:
    path = released.folder / "reports/releases/messages/1/release.json"
    release = json.loads(path.read_text())
    version = service.ask("/version").content
    assert {name: version[name] for name in ("release", "digest", "configuration")} == {
        "release": "messages/1",
        "digest": release["digest"],
        "configuration": release["configuration"],
    }
    assert service.ask("/health").content == {"status": "Healthy", "version": "messages/1"}
    described = cast("dict[str, Any]", service.ask("/openapi.json").content)
    score = described["paths"]["/score"]["post"]
    assert score["requestBody"]["content"]["application/json"]["schema"] == {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string"}},
        "additionalProperties": False,
    }


def test_every_missing_variable_is_told_before_it_listens(released: Project) -> None:
    done = released.llmops("serve", "messages/1", "--port", "0", STUB_URL="", STUB_KEY="")
    assert done.returncode == 2
    assert "messages/1: connections.provider.base_url" in done.stderr
    assert "messages/1: connections.provider.api_key" in done.stderr
    assert done.stdout == ""


def test_a_variable_may_stand_in_the_env_file(released: Project) -> None:
    (released.folder / ".env").write_text(f"STUB_KEY={KEY}\n")
    with serving(released, "messages/1", STUB_KEY="") as running:
        assert running.score().status == 200


def test_what_cannot_be_served_says_why(released: Project) -> None:
    def refused(*arguments: str) -> tuple[int, str]:
        done = released.llmops("serve", *arguments)
        return done.returncode, done.stderr

    code, said = refused("messages/2")
    assert (code, "messages/1" in said) == (2, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for workers in ("1", "2"):
            code, said = refused("messages/1", "--port", port, "--workers", workers)
            assert (code, f"127.0.0.1:{port}" in said) == (2, True)
    code, said = refused("messages/1", "--deployment", "../elsewhere")
    assert (code, "--deployment" in said) == (2, True)
    place = released.folder / "reports/releases/messages/1"
    code, said = refused(str(place), "--digest", "0" * 64)
    assert (code, "messages/1: it is another than was asked for" in said) == (5, True)
    file = place / "flow/flow.dag.yaml"
    file.chmod(0o644)
    file.write_text(file.read_text() + "\n")
    code, said = refused("messages/1")
    assert (code, "flow.dag.yaml has changed" in said) == (5, True)


def test_serving_leaves_the_release_as_it_was_registered(released: Project) -> None:
    """Python would write its compiled files beside the flow's, where the account may."""
    flow = released.folder / "flows" / "exact_match"
    release_flow(released.folder, flow, Configuration(), name="match")
    for folder in (released.folder / "reports" / "releases" / "match").rglob("*"):
        folder.chmod(0o755)
    with serving(released, "match/1"):
        pass
    assert Catalogue(project=released.folder, actor="ada").load("match/1").label == "match/1"


def test_a_secret_that_was_written_out_is_not_there(released: Project) -> None:
    masked = {**PROVIDER, "api_key": "***"}
    flow = released.folder / "flows" / "classify_messages"
    release_flow(released.folder, flow, connection=masked)
    done = released.llmops("serve", "messages/2", "--port", "0")
    assert done.returncode == 2
    assert "messages/2: connections.provider.api_key" in done.stderr


def test_a_folder_is_served_without_a_ledger(released: Project) -> None:
    folder = released.folder / "reports/releases/messages/1"
    (released.folder / "reports/ledger.jsonl").unlink()
    with serving(released, str(folder)) as running:
        assert running.score().status == 200


def test_the_sample_is_the_same_wherever_it_is_drawn(released: Project) -> None:
    names = [f"request-{number}" for number in range(40)]
    for part in ("a", "b"):
        with serving(
            released, "messages/1", "--log-sample", "0.5", "--deployment", part
        ) as running:
            for name in names:
                running.score(X_Request_Id=name)
    of = {
        part: [each["request"] for each in production_log(released) if each["deployment"] == part]
        for part in ("a", "b")
    }
    assert of["a"] == of["b"]
    assert 5 < len(of["a"]) < 35


def test_without_a_log_there_is_no_feedback(released: Project) -> None:
    with serving(released, "messages/1", "--log-sample", "0") as running:
        assert running.score().status == 200
        assert running.ask("/feedback", {"request_id": "a"}).status == 404
        assert "/feedback" not in json.dumps(running.ask("/openapi.json").content)
    assert not (released.folder / "reports/production").exists()


def test_workers_share_a_port_and_their_counts(released: Project) -> None:
    with serving(released, "messages/1", "--workers", "2") as running:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(running.score, ["a"] * 60))
        assert [each.status for each in found] == [200] * 60
        assert running.metric('llmops_requests_total{status="200"}') == 60
        running.end()
        assert running.process.returncode == 0
    assert len(production_log(released)) == 60
    assert len(list(released.folder.glob("reports/production/messages/1/*.jsonl"))) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(service: Serving, number: int) -> None:
    service.end(number)
    assert service.process.returncode == 0
    assert [each["cut_off"] for each in service.log("ended")] == [0]


FLEX = """
    class Shout:
        def __init__(self, suffix: str = "!"):
            self.suffix = suffix

        {kind}def __call__(self, text: str, times: int = 1) -> str:
            if times < 0:
                raise ValueError("times")
            return text * times + self.suffix
"""


@pytest.mark.parametrize("kind", ["", "async "])
def test_code_is_served(project: Project, kind: str) -> None:
    flow = project.folder / "flows" / "shout"
    flow.mkdir()
    (flow / "shout.py").write_text(dedent(FLEX.format(kind=kind)))
    (flow / "flow.flex.yaml").write_text("entry: shout:Shout\n")
    release_flow(project.folder, flow, Configuration(parameters={"init.suffix": "?"}), name="shout")
    with serving(project, "shout/1") as running:
        assert running.score("a").content == {"output": "a?"}
        assert running.ask("/score", {"text": "a", "times": 2.0}).content == {"output": "aa?"}
        assert running.ask("/score", {"text": "a", "times": None}).content == {"output": "a?"}
        assert running.ask("/score", {"text": "a", "times": True}).status == 400
        failed = running.ask("/score", {"text": "a", "times": -1})
        assert (failed.status, failed.message) == (500, "Shout: ValueError: times")


PROMPTY = """
    ---
    model:
      api: chat
      configuration: {type: openai, model: stub, connection: provider}
    inputs:
      text: {type: string}
      tone: {type: string, default: kind}
    ---
    system:
    Be {{tone}}.

    user:
    {{text}}
"""


def test_a_prompty_is_served(project: Project, stub: LLMStub) -> None:
    file = project.folder / "flows" / "label.prompty"
    file.write_text(dedent(PROMPTY).lstrip())
    release_flow(project.folder, file, Configuration(), name="label")
    with serving(project, "label/1") as running:
        assert set(running.score("a").content) == {"output"}
    assert stub.seen[-1][2]["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "a"},
    ]


def test_while_it_drains_it_is_not_ready_and_answers_what_it_has(
    released: Project, stub: LLMStub
) -> None:
    with serving(released, "messages/1") as running, ThreadPoolExecutor(1) as thread:
        early, late = running.connect(), running.connect()
        assert [ask_ready(each).status for each in (early, late)] == [200, 200]
        stub.hold()
        slow = thread.submit(running.score)
        while not stub.requests:
            running.ask("/health")
        running.tell()
        answer = ask_ready(early)
        while answer.status == 200:
            answer = ask_ready(early)
        assert answer.content == {"status": "draining"}
        assert answer.headers["Connection"] == "close"
        late.request("POST", "/score", b'{"text": "on its way"}')
        stub.release()
        on_its_way = read(late.getresponse())
        assert (on_its_way.status, on_its_way.headers["Connection"]) == (200, "close")
        assert slow.result().status == 200
        early.close()
        late.close()


def ask_ready(connection: HTTPConnection) -> Answer:
    connection.request("GET", "/ready")
    return read(connection.getresponse())


def test_what_outlasts_the_grace_is_cut_off_and_counted(released: Project, stub: LLMStub) -> None:
    stub.reset(("hang",))
    with serving(released, "messages/1", "--grace", "0.1") as running:
        stuck = running.connect()
        stuck.request("POST", "/score", b'{"text": "a"}')
        while not stub.requests:
            running.ask("/health")
        running.end()
        assert [each["cut_off"] for each in running.log("ended")] == [1]
        stuck.close()
    (record,) = production_log(released)
    assert record["error"] == {"kind": "cut_off", "message": "the service ended"}


def test_a_worker_that_dies_is_replaced_and_none_outlives_the_parent(released: Project) -> None:
    with serving(released, "messages/1", "--workers", "2") as running:
        before = running.children()
        os.kill(min(before), signal.SIGKILL)
        while len(before | running.children()) < 3:
            running.process.poll()
        assert running.score().status == 200
        running.process.kill()
        running.process.wait()
        with pytest.raises(ConnectionError):
            ask_for_ever(running)


def ask_for_ever(running: Serving) -> None:
    while True:
        running.ask("/health")


class Collector(BaseHTTPRequestHandler):
    """Keeps what OpenTelemetry sends."""

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        plain = gzip.decompress(sent) if self.headers["Content-Encoding"] == "gzip" else sent
        cast("CollectorServer", self.server).found.append(plain)
        self.send_response(200)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


class CollectorServer(HTTPServer):
    found: list[bytes]


def test_a_request_is_a_span_in_the_trace_of_its_caller(released: Project) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with CollectorServer(("127.0.0.1", 0), Collector) as collector:
        collector.found = []
        thread = Thread(target=collector.serve_forever)
        thread.start()
        place = f"http://127.0.0.1:{collector.server_port}"
        with serving(released, "messages/1", OTEL_EXPORTER_OTLP_ENDPOINT=place) as running:
            running.score("a rare word", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
        collector.shutdown()
        thread.join()
    sent = b"".join(collector.found)
    assert bytes.fromhex(trace) in sent
    assert b"POST /score" in sent
    assert b"a rare word" not in sent
