"""`llmops view` as a user starts it, and requests as an attacker may write them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

PROGRAM = "from llmops.cli import main; main()"


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass
class ViewerProcess:
    """A running viewer; `said` is all it wrote after the address, once it has ended."""

    process: subprocess.Popen[str]
    url: str
    cookie: str = ""
    said: str = ""
    answers: list[Answer] = field(default_factory=list[Answer])

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port
        return port

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.url).query)["token"][0]

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        cookie: bool = True,
    ) -> Answer:
        """Send the request as it is written: no path is normalised, no header added but Host."""
        sent = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        if cookie and self.cookie:
            sent["Cookie"] = self.cookie
        if body:
            sent["Content-Length"] = str(len(body))
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read().decode())
        connection.close()
        self.answers.append(answer)
        return answer

    def change(self, path: str, body: bytes, method: str = "POST", **headers: str) -> Answer:
        """Send what the viewer's own pages would send; headers are written with `_` for `-`."""
        own = {"Origin": self.origin, "Content-Type": "application/json"}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in own.items() if value}
        return self.ask(path, method=method, headers=sent, body=body)

    def enter(self) -> None:
        """Exchange the token for the cookie."""
        answer = self.ask(f"/?token={self.token}")
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]


@contextmanager
def viewer(project: Path, browser: Path | None = None) -> Generator[ViewerProcess]:
    """Start the command and end it with Ctrl-C, as its user does; `browser` is what it opens."""
    command = [sys.executable, "-c", PROGRAM, "view", "--project", str(project)]
    with subprocess.Popen(
        command if browser else [*command, "--no-browser"],
        env={**os.environ, "BROWSER": f"{browser} %s"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        running = ViewerProcess(process, process.stdout.readline().strip())
        try:
            yield running
        finally:
            process.send_signal(signal.SIGINT)
            running.said = process.communicate(timeout=20)[0]
