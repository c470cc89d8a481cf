"""A release without a run before it, and `llmops serve` as its user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from sample_project import KEY

from llmops import ledger
from llmops.domain.configuration import Configuration
from llmops.flows import load_flow
from llmops.registries.folder import FolderRegistry, releases_folder

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sample_project import Project

    from llmops.domain.release import Release

PROVIDER = {
    "name": "provider",
    "connection_type": "OpenAIConnection",
    "base_url": "${STUB_URL}",
    "api_key": "${STUB_KEY}",
}
LONG = Configuration(variants={"summarise": "long", "classify": "reasoned"})


def release_flow(
    project: Path,
    flow: Path,
    configuration: Configuration = LONG,
    connection: Mapping[str, str] = PROVIDER,
    name: str = "messages",
    requirements: str = "",
) -> Release:
    """Register a flow as the ledger would have it after an approval."""

    def write(place: Path, number: int) -> dict[str, object]:
        file = load_flow(flow).bake(configuration, place / "flow")
        interface = load_flow(place / "flow" / file).interface()
        (place / "connections.json").write_text(json.dumps([connection]))
        if requirements:
            (place / "requirements.txt").write_text(requirements)
        return {
            "name": name,
            "number": number,
            "created": "2026-01-01T00:00:00+00:00",
            "flow": f"flow/{file}",
            "configuration": {"id": configuration.id, "label": configuration.label},
            "inputs": {each.name: each.type for each in interface.inputs},
            "outputs": list(interface.outputs),
            "connections": sorted(interface.connections),
            "packages": {},
            "lineage": {},
        }

    release = FolderRegistry(root=releases_folder(project)).add(name, write)
    body = {"release": release.label, "digest": release.digest, "run": "messages/none"}
    ledger.append(project, "release", body, "grace")
    return release


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, object]:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        error = cast("dict[str, str]", self.content["error"])
        return error["message"]


@dataclass
class Serving:
    """A running service; `said` is what it wrote on standard error, once it has ended."""

    process: subprocess.Popen[str]
    url: str
    errors: Path
    told: bool = False
    said: str = ""

    def connect(self, timeout: float = 30) -> HTTPConnection:
        parts = urlsplit(self.url)
        return HTTPConnection(str(parts.hostname), parts.port, timeout=timeout)

    def ask(
        self,
        path: str,
        body: bytes | Mapping[str, object] | None = None,
        method: str = "",
        **headers: str,
    ) -> Answer:
        """Send a request; headers are written with `_` for `-`."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = self.connect()
        connection.request(method or ("GET" if body is None else "POST"), path, data, sent)
        answer = read(connection.getresponse())
        connection.close()
        return answer

    def score(self, text: object = "message 1", **headers: str) -> Answer:
        return self.ask("/score", {"text": text}, **headers)

    def tell(self, number: int = signal.SIGTERM) -> None:
        """Send a signal, and none after it: a second one ends it at once."""
        if not self.told and self.process.poll() is None:
            self.process.send_signal(number)
        self.told = True

    def end(self, number: int = signal.SIGTERM) -> str:
        """Wait for its end, by this signal if it has had none, and return what it said."""
        self.tell(number)
        try:
            self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()  # whoever waits for it next would wait for ever
            raise
        self.said = self.errors.read_text()
        return self.said

    def children(self) -> set[int]:
        """Return the ids of its workers."""
        pid = self.process.pid
        return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def log(self, event: str) -> list[dict[str, object]]:
        """Return the lines of one event, once it has ended."""
        lines = [json.loads(line) for line in self.said.splitlines()]
        return [line for line in lines if line["event"] == event]

    def metric(self, line: str) -> float:
        """Return the value of the line that begins so."""
        text = self.ask("/metrics").body.decode()
        found = [each for each in text.splitlines() if each.startswith(line)]
        return float(found[0].rpartition(" ")[2]) if found else 0.0


def read(response: HTTPResponse) -> Answer:
    return Answer(response.status, dict(response.getheaders()), response.read())


@contextmanager
def serving(project: Project, release: str, *options: str, **variables: str) -> Generator[Serving]:
    """Start the service, wait until it says where it is, and end it."""
    errors = project.folder / "errors.txt"
    with (
        errors.open("w") as written,
        subprocess.Popen(
            project.command("serve", release, "--port", "0", *options),
            cwd=project.folder,
            env={**os.environ, **project.variables, **variables},
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        ) as process,
    ):
        assert process.stdout
        line = process.stdout.readline()
        assert line, errors.read_text()
        running = Serving(process, line.split()[-1], errors)
        try:
            yield running
        finally:
            running.end()


def production_log(project: Project, kind: str = "score") -> list[dict[str, object]]:
    """Return the records of one kind that any service of the project has written."""
    files = sorted(project.folder.glob("reports/production/**/*.jsonl"))
    lines = [line for path in files for line in path.read_text().splitlines()]
    assert KEY not in "".join(lines)
    return [record for line in lines if (record := json.loads(line))["kind"] == kind]
