"""An API server on loopback that keeps what it is told: apply, conflicts, watches, a proxy."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from kubernetes_store import KINDS, Refused, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    Object = dict[str, Any]
    Answer = Callable[[str, bytes], tuple[int, bytes]]

BEARER = "a-token-for-tests"
_PATH = re.compile(
    r"/apis?/[^/]+(?:/v[^/]+)?/namespaces/(?P<namespace>[^/]+)/(?P<plural>[^/]+)"
    r"(?:/(?P<name>[^/]+))?(?:/(?P<part>.+))?"
)
_WRITES = {"PATCH", "POST", "DELETE"}


@dataclass(frozen=True)
class Request:
    method: str
    namespace: str
    plural: str
    name: str
    part: str
    query: dict[str, str]
    content_type: str
    body: bytes

    @property
    def content(self) -> Object:
        return json.loads(self.body or b"{}")

    @property
    def is_change(self) -> bool:
        """Whether it is one of ours that leaves something behind."""
        return self.method in _WRITES and "dryRun" not in self.query


@dataclass
class KubernetesServer:
    """`refuse` gives a Status instead of an answer; `seen` is called with all that llmops asks.

    From the change numbered `cut_at` on llmops gets no answer: with `cut_after` that one has its
    effect nevertheless. `log` and `event` are what every instance says.
    """

    store: Store = field(default_factory=Store)
    namespaces: set[str] = field(default_factory=lambda: {"llm"})
    missing: set[str] = field(default_factory=set[str])
    refuse: Callable[[Request], tuple[int, str] | None] = lambda _: None
    answer: Answer = lambda _, body: (200, b'{"label": "x"}' if body else b"")
    log: str = ""
    event: str = ""
    seen: Callable[[Request], None] = lambda _: None
    cut_at: int = 0
    cut_after: bool = False
    changes: int = 0
    url: str = ""

    def handle(self, request: Request) -> tuple[int, Object | bytes]:
        """Return the answer of anything but a watch."""
        if refused := self.refuse(request):
            raise Refused(refused[0], "Refused", refused[1])
        if request.plural in self.missing or request.plural not in KINDS:
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        if request.part.startswith("proxy/"):
            return self._proxied(request)
        if request.part == "log":
            return 200, self.log.encode()
        if request.plural == "events":
            return 200, {"items": [{"metadata": {"name": "e"}, "message": self.event}]}
        with self.store.happened:
            return self._stored(request)

    def _stored(self, request: Request) -> tuple[int, Object | bytes]:
        store, plural, name = self.store, request.plural, request.name
        if request.method == "GET" and not name:
            items = store.list(plural, request.query)
            return 200, {"items": items, "metadata": {"resourceVersion": str(store.version)}}
        if request.method == "GET":
            return 200, store.get(plural, name).shown()
        if request.namespace not in self.namespaces:
            raise Refused(404, "NotFound", f'namespaces "{request.namespace}" not found')
        if request.method == "DELETE":
            foreground = request.query.get("propagationPolicy") == "Foreground"
            return 200, store.delete(plural, name, foreground=foreground)
        if request.method == "POST":
            return 201, store.create(plural, request.content)
        if request.content_type == "application/apply-patch+yaml":
            return store.apply(plural, name, request.content, request.query)
        manager = request.query.get("fieldManager", "kubectl")
        return 200, store.update(plural, name, request.content, manager)

    def _proxied(self, request: Request) -> tuple[int, bytes]:
        _, service, _ = request.name.split(":")
        with self.store.happened:
            found = self.store.get("services", service).content
            selector = ",".join(f"{k}={v}" for k, v in found["spec"]["selector"].items())
            pods = self.store.list("pods", {"labelSelector": selector})
        if not any(_is_ready(each) for each in pods):
            message = f'no endpoints available for service "{request.name}"'
            raise Refused(503, "ServiceUnavailable", message)
        return self.answer(found["metadata"]["labels"]["llmops/deployment"], request.body)

    def is_cut(self, request: Request) -> bool:
        """Count a change of llmops' and tell whether it finds nobody."""
        if request.is_change and request.query.get("fieldManager") != "controllers":
            self.changes += 1
        return bool(self.cut_at) and self.changes >= self.cut_at


def _is_ready(pod: Object) -> bool:
    return any(each.get("ready") for each in pod.get("status", {}).get("containerStatuses", ()))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    double: KubernetesServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
        """Say nothing."""
        del format, args

    def do_GET(self) -> None:
        self.answer()

    def do_PATCH(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def answer(self) -> None:
        url = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        found = _PATH.fullmatch(url.path)
        if self.headers.get("Authorization") != f"Bearer {BEARER}":
            self._send(401, Refused(401, "Unauthorized", "Unauthorized").status)
            return
        if found is None:
            self._send(404, b"404 page not found")
            return
        parts = {key: value or "" for key, value in found.groupdict().items()}
        request = Request(
            method=self.command,
            query=dict(parse_qsl(url.query)),
            content_type=self.headers.get("Content-Type", ""),
            body=body,
            **parts,
        )
        if self.headers.get("User-Agent") == "llmops":
            self.double.seen(request)
            if self.double.is_cut(request):
                first = self.double.changes == self.double.cut_at and request.is_change
                if first and self.double.cut_after:
                    self.double.handle(request)
                self.close_connection = True
                return
        try:
            if request.query.get("watch"):
                self._watch(request)
            else:
                self._send(*self.double.handle(request))
        except Refused as refused:
            self._send(refused.code, refused.status)

    def _watch(self, request: Request) -> None:
        store = self.double.store
        if int(request.query.get("resourceVersion") or 0) < store.oldest:
            raise Refused(410, "Expired", "too old resource version")
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for event in store.watch(request.plural, request.query):
                line = json.dumps(event).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.write(b"0\r\n\r\n")
        except OSError:  # nobody listens any more
            self.close_connection = True

    def _send(self, status: int, content: Object | bytes) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def kubernetes_server() -> Generator[KubernetesServer]:
    """Serve until the block ends."""
    double = KubernetesServer()
    handler = type("Handler", (_Handler,), {"double": double})
    server = _Server(("127.0.0.1", 0), handler)
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield double
    finally:
        double.store.close()
        server.shutdown()
        server.server_close()
        thread.join()


def write_kubeconfig(path: Path, url: str, token: str = BEARER) -> Path:
    """Write whom to ask, and as whom."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": url}}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    path.write_text(json.dumps(content))
    return path
