"""A provider that answers with a digest of the whole question, and keeps every question.

promptflow asks over HTTP; our engine hands the same body to `answer`. A difference in a message
or a parameter shows in the questions, in the answer, and in all that follows from it.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

JsonObject = dict[str, object]


class RefusedError(Exception):
    """What a question gets that contains the word REFUSE."""


class RecordingProvider:
    """Keeps questions since the last `take`."""

    def __init__(self) -> None:
        self._asked: list[JsonObject] = []

    def answer(self, api: str, body: Mapping[str, object]) -> JsonObject:
        """Return the response body; a question with tools is answered by calling the first.

        Raises:
            RefusedError: where the question says so.
        """
        question = question_of(api, body)
        self._asked.append(question)
        text = json.dumps(question, sort_keys=True)
        if "REFUSE" in text:
            raise RefusedError
        if api == "embedding":
            vector = [{"object": "embedding", "index": 0, "embedding": [len(text) / 8, 0.5]}]
            return {"object": "list", "model": "recorded", "data": vector, "usage": USAGE}
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        head = {"id": "recorded", "created": 1, "model": body.get("model", ""), "usage": USAGE}
        if api == "completion":
            choice: JsonObject = {"index": 0, "text": f"said {digest}", "finish_reason": "stop"}
            return head | {"object": "text_completion", "choices": [choice]}
        message = message_to(body, digest)
        reason = "tool_calls" if "tool_calls" in message else "stop"
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return head | {"object": "chat.completion", "choices": [choice]}

    def take(self) -> list[JsonObject]:
        """Return the questions in an order that does not depend on timing, and forget them."""
        asked = sorted(self._asked, key=lambda question: json.dumps(question, sort_keys=True))
        self._asked.clear()
        return asked


APIS = {"/chat/completions": "chat", "/completions": "completion", "/embeddings": "embedding"}
USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


DEFAULTS: Mapping[str, object] = {
    "best_of": 1,
    "echo": False,
    "function_call": "auto",
    "logit_bias": {},
    "n": 1,
    "stream": False,
    "tool_choice": "auto",
    "user": "",
}
"""Values that a provider takes for granted; promptflow writes some of them for Azure alone."""


def question_of(api: str, body: Mapping[str, object]) -> JsonObject:
    """Return the body without what says nothing: nulls and the provider's own defaults."""
    said = cast("JsonObject", json.loads(json.dumps(dict(body))))
    kept = {
        name: value
        for name, value in said.items()
        if value is not None and (name not in DEFAULTS or value != DEFAULTS[name])
    }
    return {"api": api, **kept}


def message_to(body: Mapping[str, object], digest: str) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": f"said {digest}"}
    if tools := cast("list[Mapping[str, Mapping[str, str]]]", body.get("tools")):
        call = {"name": tools[0]["function"]["name"], "arguments": json.dumps({"heard": digest})}
        calls = [{"id": "call_1", "type": "function", "function": call}]
        return message | {"content": None, "tool_calls": calls}
    if functions := cast("list[Mapping[str, str]]", body.get("functions")):
        call = {"name": functions[0]["name"], "arguments": json.dumps({"heard": digest})}
        return message | {"content": None, "function_call": call}
    return message


@contextmanager
def served(provider: RecordingProvider) -> Generator[str]:
    """Serve the provider on loopback, on a thread; yield its address."""

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = cast(
                "JsonObject", json.loads(self.rfile.read(int(self.headers["content-length"])))
            )
            path = self.path.partition("?")[0]
            api = next(api for end, api in APIS.items() if path.endswith(end))
            try:
                self.reply(200, provider.answer(api, body))
            except RefusedError:
                self.reply(400, {"error": {"message": "refused", "type": "invalid_request_error"}})

        def reply(self, status: int, value: JsonObject) -> None:
            payload = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
