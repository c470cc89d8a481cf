"""`llmops run --record`, and the same run again: the provider gone, the network forbidden."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from llm_stub import LLMStub, served
from sample_project import KEY, Project, make_project, rows

if TYPE_CHECKING:
    from pathlib import Path

RUN = ("run", "experiments/messages")
RECORD = (*RUN, "--record", "recordings/ci.jsonl")
REPLAY = (*RUN, "--env", "replay")

OVERLAY = """\
connections:
- {name: provider, connection_type: replay, recording: recordings/ci.jsonl}
"""

JUDGE = """\
inputs: {label: {type: string}}
outputs:
  verdict: {type: string, reference: "${judge.output}"}
  letters: {type: int, reference: "${count.output}"}
nodes:
- name: judge
  type: llm
  source: {type: code, path: judge.jinja2}
  inputs: {model: stub, temperature: 1, label: "${inputs.label}"}
  connection: provider
  api: chat
- name: count
  type: python
  source: {type: code, path: count.py}
  inputs: {verdict: "${judge.output}"}
"""

JUDGED = """\
- name: judge
  datasets:
  - name: inbox
    mappings: {label: "${run.outputs.label}"}
"""

NO_NETWORK = """\
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise PermissionError(1, f"the network is forbidden: {event}")

sys.addaudithook(refuse)
"""


def judged_project(folder: Path, stub: LLMStub) -> Project:
    """Add a model as judge, prices, two repeats and lines with equal texts."""
    made = make_project(folder, stub)
    experiment = folder / "experiments" / "messages"
    text = (experiment / "experiment.yaml").read_text()
    text = text.replace("objective:", JUDGED + "objective:")
    text += "repeats: 2\nprices: {stub: {input_per_million: 3, output_per_million: 15}}\n"
    files = {
        experiment / "experiment.yaml": text,
        experiment / "experiment.replay.yaml": OVERLAY,
        folder / "flows" / "judge" / "flow.dag.yaml": JUDGE,
        folder / "flows" / "judge" / "judge.jinja2": "# user:\nClassify again: {{label}}\n",
        folder / "flows" / "judge" / "count.py": (
            "from promptflow.core import tool\n\n\n@tool\n"
            "def count(verdict: str) -> int:\n    return len(verdict)\n"
        ),
        folder / "guard" / "sitecustomize.py": NO_NETWORK,
        experiment / "inbox.jsonl": "".join(
            json.dumps({"text": f"message {line % 6}", "expected": "positive"}) + "\n"
            for line in range(12)
        ),
    }
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return made


def offline(project: Project) -> dict[str, str]:
    """Return the environment of a process that may not use the network."""
    paths = [str(project.folder / "guard"), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(paths), "STUB_URL": "http://127.0.0.1:9/v1"}


def tables(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(run.glob("*.csv"))}


def errors(run: Path) -> set[str]:
    return {each["error_message"] for each in rows(run / "results.csv")}


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    with served(LLMStub(api_key=KEY, fresh=1, latency_ms=2)) as stub:
        project = judged_project(tmp_path_factory.mktemp("recorded"), stub)
        done = project.llmops(*RECORD)
        assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def recorded(recorded_once: Project, tmp_path: Path) -> Project:
    """A copy of a recorded run whose provider never said the same twice, and is gone."""
    shutil.copytree(recorded_once.folder, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path, recorded_once.variables)


def test_the_network_is_forbidden(recorded: Project) -> None:
    done = recorded.llmops(*RUN, "--limit", "1", **offline(recorded))
    assert done.returncode == 0, done.stderr
    (message,) = errors(recorded.runs[-1])
    assert "the network is forbidden" in message


def test_a_recorded_run_replays_without_a_network(recorded: Project) -> None:
    labels = defaultdict[str, set[str]](set)
    for row in rows(recorded.runs[0] / "results.csv"):
        labels[row["data.text"] + row["configuration"]].add(row["outputs.label"])
    assert max(map(len, labels.values())) > 2  # equal requests had different answers
    replayed = recorded.llmops(*REPLAY, **offline(recorded))
    assert replayed.returncode == 0, replayed.stderr
    first, second = map(tables, recorded.runs)
    assert {"metrics.csv", "results.csv"} <= set(first)
    assert first == second
    assert errors(recorded.runs[1]) == {""}


def test_a_moved_line_keeps_its_answers(recorded: Project) -> None:
    inbox = recorded.folder / "experiments" / "messages" / "inbox.jsonl"
    inbox.write_text("".join(reversed(inbox.read_text().splitlines(keepends=True)[:6])))
    replayed = recorded.llmops(*REPLAY, **offline(recorded))
    assert replayed.returncode == 0, replayed.stderr
    before, after = (
        {
            (row["data.text"], row["repeat"], row["configuration"], row["outputs.label"])
            for row in rows(run / "results.csv")
        }
        for run in recorded.runs
    )
    assert len(after) == 6 * 2 * 6
    assert after <= before


def test_failures_of_the_provider_replay_as_they_were(tmp_path: Path) -> None:
    with served(LLMStub(api_key=KEY, p500=0.1, pgarbage=0.05, seed=3)) as stub:
        project = judged_project(tmp_path, stub)
        done = project.llmops(*RECORD, "--set", "executor.attempts=1")
        assert done.returncode == 0, done.stderr
    assert len(errors(project.runs[0])) > 2
    replayed = project.llmops(*REPLAY, **offline(project))
    assert replayed.returncode == 0, replayed.stderr
    first, second = (tables(run)["metrics.csv"] for run in project.runs)
    assert first == second
    first, second = map(errors, project.runs)
    assert first == second


def test_a_run_that_was_interrupted_records_on(tmp_path: Path) -> None:
    recording = tmp_path / "recordings" / "ci.jsonl"
    with served(LLMStub(api_key=KEY, fresh=1)) as stub:
        project = judged_project(tmp_path, stub)
        stopped = project.llmops(*RECORD, "--set", "budget.calls=50")
        assert stopped.returncode == 0, stopped.stderr
        assert f"--record {RECORD[-1]}" in stopped.stdout
        assert len(recording.read_text().splitlines()) == 1 + 50
        with recording.open("a") as file:
            file.write('{"key": "cut sho')
        resumed = project.llmops(*RECORD, "--resume", "latest")
        assert resumed.returncode == 0, resumed.stderr
    replayed = project.llmops(*REPLAY, **offline(project))
    assert replayed.returncode == 0, replayed.stderr
    first, second = (tables(run)["metrics.csv"] for run in project.runs)
    assert first == second


def test_a_recording_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text("")
    with served(LLMStub(api_key=KEY)) as stub:
        project = judged_project(tmp_path, stub)
        there = project.llmops(*RUN, "--record", "there.jsonl")
        folder = project.llmops(*RUN, "--record", "there.jsonl/ci.jsonl")
        assert not project.runs
        assert stub.requests == 0
        assert project.llmops(*RUN, "--limit", "1", "--record", "ours.jsonl").returncode == 0
        asked = stub.requests
        other = project.llmops(*RUN, "--limit", "1", "--resume", "latest", "--record", "no.jsonl")
        empty = project.llmops(
            *RUN, "--limit", "1", "--resume", "latest", "--record", "there.jsonl"
        )
        assert stub.requests == asked
    assert [each.returncode for each in (there, folder, other, empty)] == [2, 2, 2, 2]
    assert "--record there.jsonl: there is a file already" in there.stderr
    assert "--record there.jsonl/ci.jsonl: cannot be written" in folder.stderr
    assert "--record no.jsonl: no such recording" in other.stderr
    assert f"no recording of the run {project.runs[0].name}" in empty.stderr


def test_an_unknown_request_names_the_nearest(recorded: Project) -> None:
    flow = recorded.folder / "flows" / "classify_messages"
    prompt = flow / "summarise_long.jinja2"
    prompt.write_text(prompt.read_text().replace("Summarise, long:", "Sum up at length:"))
    done = recorded.llmops(
        *REPLAY,
        *("--limit", "1", "--set", "repeats=3", "--set", "parameters.summarise.model=other"),
        *("--set", "combinations=one_at_a_time"),
        **offline(recorded),
    )
    assert done.returncode == 0, done.stderr
    messages = errors(recorded.runs[-1])
    assert all("this request is not in the recording; nearest is line" in each for each in messages)
    assert all("model is 'other', recorded 'stub'" in each for each in messages)
    (changed,) = (each for each in messages if "Sum up" in each)
    assert "the prompt says 'Sum up at length: messa" in changed
    assert "recorded 'Summarise, " in changed


def test_a_further_repeat_is_no_copy_of_a_recorded_one(recorded: Project) -> None:
    done = recorded.llmops(*REPLAY, "--limit", "1", "--set", "repeats=3", **offline(recorded))
    assert done.returncode == 0, done.stderr
    third = [each for each in rows(recorded.runs[-1] / "results.csv") if each["repeat"] == "2"]
    assert {each["status"] for each in third} == {"error"}
    assert all("wants a fresh sample" in each["error_message"] for each in third)


def test_what_is_wrong_with_recordings_is_said_before_anything_runs(recorded: Project) -> None:
    good = (recorded.folder / "recordings" / "ci.jsonl").read_text()
    files = {
        "damaged.jsonl": good.replace("message 3", "message 4", 1),
        "cut.jsonl": good[:-20],
        "newer.jsonl": good.replace('"version":1', '"version":2', 1),
        "other.jsonl": good.replace('["provider"]', '["provided"]', 1),
        "data.jsonl": '{"question": 1}\n',
    }
    for name, text in files.items():
        (recorded.folder / name).write_text(text)
    connections = "".join(
        f"- {{name: c{at}, connection_type: replay, recording: {name}}}\n"
        for at, name in enumerate((*files, "missing.jsonl"))
    )
    connections += "- {name: c6, connection_type: replay, recording: x.jsonl, answers: a}\n"
    overlay = recorded.folder / "experiments" / "messages" / "experiment.wrong.yaml"
    overlay.write_text(f"connections:\n{connections}objective: {{metric: nobody.accuracy}}\n")
    done = recorded.llmops("run", "experiments/messages", "--env", "wrong")
    assert done.returncode == 2
    assert len(recorded.runs) == 1
    for fault in (
        ": the request is not the one that was recorded",
        "cut.jsonl, line",
        "cut short",
        "version 2 of the format; known is 1",
        "nothing was asked of a connection 'c3'; recorded: provided",
        "data.jsonl, line 1: no recording of a run; published answers need `question`",
        "no recording 'missing.jsonl'",
        "connections.c6: answers without question",
        "nobody",
    ):
        assert fault in done.stderr, done.stderr


def test_a_replay_goes_on_only_with_its_recording(recorded: Project) -> None:
    assert recorded.llmops(*REPLAY, "--set", "budget.calls=40").returncode == 0
    recording = recorded.folder / "recordings" / "ci.jsonl"
    lines = recording.read_text().splitlines(keepends=True)
    recording.write_text("".join(lines[:-1]))
    refused = recorded.llmops(*REPLAY, "--resume", "latest")
    assert refused.returncode == 2
    assert "it was started with other connections" in refused.stderr
    recording.write_text("".join(lines))
    resumed = recorded.llmops(*REPLAY, "--resume", "latest")
    assert resumed.returncode == 0, resumed.stderr
    first, second = (tables(run)["metrics.csv"] for run in recorded.runs)
    assert first == second
