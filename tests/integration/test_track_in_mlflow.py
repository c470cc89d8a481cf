"""`llmops track` against a real MLflow server on loopback, read back through its REST API."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final

import pytest
from fake_runs import configurations
from judged_run import BASELINE, GATES, RUN_ID, SKILLS, WINNER, write_judged

from llmops.domain.run import Metric, Trial
from llmops.store import RunWriter

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)  # the first start of a server makes its database

QUIET: Final = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
STARTS_WITHIN_S: Final = 100


@dataclass(frozen=True)
class Server:
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, body: object = None) -> Any:
        """Return the JSON that the server answers; with a body, to a POST."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            if body is None:
                connection.request("GET", path)
            else:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            return text.decode() if path == "/health" else json.loads(text)
        finally:
            connection.close()

    def runs(self, experiment: str) -> dict[str, dict[str, Any]]:
        """Return the runs of an experiment by name."""
        found = self.get(f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={experiment}")
        ids = [found["experiment"]["experiment_id"]]
        runs = self.get("/api/2.0/mlflow/runs/search", {"experiment_ids": ids})["runs"]
        assert len({run["info"]["run_name"] for run in runs}) == len(runs)
        return {run["info"]["run_name"]: run for run in runs}

    def artifacts(self, run_id: str) -> set[str]:
        listed = self.get(f"/api/2.0/mlflow/artifacts/list?run_id={run_id}")
        return {file["path"] for file in listed["files"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    with (folder / "log").open("wb") as log, started(command, folder, log.fileno()) as process:
        wait_for(Server(port), process, folder / "log")
        yield Server(port)


@contextmanager
def started(command: list[str], folder: Path, log: int) -> Generator[subprocess.Popen[bytes]]:
    """Start a server in a process group of its own, and end that group."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **QUIET},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    between = threading.Event()
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if server.get("/health") == "OK":
                return
        except OSError:
            between.wait(0.2)
    pytest.fail(f"MLflow did not start:\n{log.read_text()}")


def track(project: Path, uri: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "llmops", "track", "--tracking-uri", uri, *arguments]
    env = {**os.environ, **QUIET}
    return subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, check=False
    )


def values(run: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a run's metrics, params or tags by key."""
    return {each["key"]: each["value"] for each in run["data"].get(kind, ())}


def test_a_run_is_logged_once_with_a_nested_run_for_each_configuration(
    tmp_path: Path, server: Server
) -> None:
    folder = write_judged(tmp_path, *GATES)
    (folder / "report.html").write_text("<p>report</p>")
    done = track(tmp_path, server.url)
    assert done.returncode == 0, done.stderr
    runs = server.runs("reviews")
    assert set(runs) == {RUN_ID, *(each.label for each in configurations(3))}
    run, winner = runs[RUN_ID], runs[WINNER]
    tags = values(run, "tags")
    assert tags["llmops.decision"] == "winner"
    assert tags["llmops.recommended"] == WINNER
    assert tags["llmops.gates"] == "0 of 3 not met"
    assert tags["mlflow.source.git.commit"] == "0123456789abcdef"
    assert run["info"]["status"] == winner["info"]["status"] == "FINISHED"
    assert values(winner, "tags")["mlflow.parentRunId"] == run["info"]["run_id"]
    assert values(winner, "params") == {"classify": "plain", "summarise": "long"}
    metrics = values(winner, "metrics")
    assert metrics["reviews/exact.correct"] == SKILLS[1]
    assert metrics["reviews/cost_per_line"] == pytest.approx(0.002)
    assert values(runs[BASELINE], "metrics")["reviews/exact.correct"] == SKILLS[0]
    assert server.artifacts(run["info"]["run_id"]) == {"report.html", "manifest.json"}
    assert run["info"]["run_id"] in done.stdout

    again = track(tmp_path, server.url)
    assert "was there already" in again.stdout
    assert server.runs("reviews") == runs


def test_what_has_changed_since_is_a_further_step(tmp_path: Path, server: Server) -> None:
    folder = write_judged(tmp_path)
    assert track(tmp_path, server.url, "--experiment", "changed").returncode == 0
    before = server.runs("changed")
    trial = Trial(configuration=configurations(2)[1], dataset="reviews")
    writer = RunWriter.reopen(folder, ())
    writer.write_metrics(
        [
            Metric(
                trial=trial.id,
                evaluator="exact",
                name="correct",
                kind="mean",
                value=0.25,
                n=80,
                errors=0,
                missing=0,
            )
        ]
    )
    writer.close()
    assert "logged" in track(tmp_path, server.url, "--experiment", "changed").stdout
    after = server.runs("changed")
    assert {name: run["info"]["run_id"] for name, run in after.items()} == {
        name: run["info"]["run_id"] for name, run in before.items()
    }
    assert values(after[WINNER], "metrics")["reviews/exact.correct"] == 0.25


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    write_judged(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        uri = f"127.0.0.1:{taken.getsockname()[1]}"
        done = track(tmp_path, f"http://someone:open-sesame@{uri}")
    assert done.returncode == 1
    assert done.stderr.startswith(f"http://{uri}: ")
    assert "open-sesame" not in done.stdout + done.stderr


def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path) -> None:
    write_judged(tmp_path)
    program = "import sys; sys.modules['mlflow'] = None; from llmops.cli import main; main()"
    command = [sys.executable, "-c", program, "track", "--tracking-uri", "http://127.0.0.1:9"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == ("llmops track: mlflow is not installed; pip install 'llmops[mlflow]'\n")
