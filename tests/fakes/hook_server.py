"""An address on loopback that takes webhooks and keeps them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class HookServer:
    """`statuses` answer the first posts, in order; all others are 204."""

    url: str = ""
    statuses: list[int] = field(default_factory=list[int])
    received: list[Received] = field(default_factory=list[Received])


@contextmanager
def hook_server() -> Generator[HookServer]:
    """Serve on a thread until the block ends."""
    server = HookServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.received.append(Received(self.path, headers, body))
            self.send_response(server.statuses.pop(0) if server.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its own name
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_port}/hooks/T0KEN-in-the-path"
        thread = Thread(target=listening.serve_forever, name="hook-server")
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
