"""`llmops run` from YAML to report, counted by the provider."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from sample_project import KEY, accuracies, answers, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_stub import LLMStub
    from sample_project import Project


def test_every_distinct_call_is_paid_once(project: Project, stub: LLMStub) -> None:
    done = project.llmops("run", "experiments/messages")
    assert done.returncode == 0, done.stderr
    assert stub.answered == 20 * (3 + 3 * 2)
    lines = project.records("line")
    assert [len(line["results"]) for line in lines] == [6] * 20  # pyright: ignore[reportArgumentType]
    assert len(rows(project.runs[0] / "results.csv")) == 6 * 20
    assert len(accuracies(project.runs[0])) == 6
    assert (project.runs[0] / "report.html").stat().st_size > 1000
    assert str(project.runs[0].name) in done.stdout


def test_scores_are_equal_without_sharing(project: Project, stub: LLMStub) -> None:
    assert project.llmops("run", "experiments/messages").returncode == 0
    stub.reset()
    not_shared = project.llmops("run", "experiments/messages", "--set", "executor.share=false")
    assert not_shared.returncode == 0, not_shared.stderr
    assert stub.answered == 20 * 6 * 2
    first, second = (accuracies(run) for run in project.runs)
    assert first == second
    assert len(set(first.values())) > 1


def test_selection_and_limit_run_only_what_they_name(project: Project, stub: LLMStub) -> None:
    done = project.llmops(
        "run", "experiments/messages", "--select", "classify=direct", "--limit", "7"
    )
    assert done.returncode == 0, done.stderr
    assert stub.answered == 7 * (3 + 3)


def test_a_killed_run_resumes_and_pays_for_nothing_twice(project: Project, stub: LLMStub) -> None:
    project.write_lines(60)
    stub.reset(latency_ms=30)
    process = subprocess.Popen(
        project.command("run", "experiments/messages"),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: stub.answered > 150)
    process.kill()
    process.wait()
    wait_until(lambda: not stub.transports and not stub.in_flight)
    recorded = len(project.records("call"))
    assert 0 < recorded < 540
    before = stub.answered
    resumed = project.llmops("run", "experiments/messages", "--resume", "latest")
    assert resumed.returncode == 0, resumed.stderr
    assert stub.answered - before == 540 - recorded
    assert Counter(each["event"] for each in project.records("event")) == {
        "started": 1,
        "resumed": 1,
        "completed": 1,
    }
    whole = project.llmops("run", "experiments/messages")
    assert whole.returncode == 0
    killed, uninterrupted = (answers(run) for run in project.runs)
    assert killed == uninterrupted
    assert accuracies(project.runs[0]) == accuracies(project.runs[1])


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Poll a counter of another process; there is no event to wait for."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.005)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_soon_and_says_how_to_go_on(
    project: Project, stub: LLMStub, number: signal.Signals
) -> None:
    stub.reset(phang=1)
    process = subprocess.Popen(
        project.command("run", "experiments/messages"),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: stub.requests > 0)
    started = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - started < 2
    assert process.returncode == 130
    assert "--resume" in errors
    assert "Traceback" not in errors
    stub.reset()
    assert project.llmops("run", "experiments/messages", "--resume", "latest").returncode == 0


def test_faults_of_the_provider_are_data(project: Project, stub: LLMStub) -> None:
    project.write_lines(100)
    stub.reset(
        p429=0.05, p500=0.05, preset=0.02, ptrunc=0.02, pgarbage=0.01, phang=0.01, retry_after=0.1
    )
    done = project.llmops("run", "experiments/messages", "--set", "executor.timeout_seconds=2")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for each in rows(project.runs[0] / "metrics.csv"):
        assert int(each["n"]) + int(each["errors"]) + int(each["missing"]) == 100
    failed = [each for each in rows(project.runs[0] / "results.csv") if each["status"] == "error"]
    assert failed
    assert {each["error_kind"] for each in failed} <= {"timeout", "broken_answer", "connection"}
    stub.reset()
    again = project.llmops("run", "experiments/messages", "--resume", "latest", "--retry-errors")
    assert again.returncode == 0, again.stderr
    assert 0 < stub.answered <= len(failed) * 2
    assert {each["status"] for each in rows(project.runs[0] / "results.csv")} == {"ok"}


def test_the_budget_stops_the_run_and_a_larger_one_goes_on(project: Project, stub: LLMStub) -> None:
    stopped = project.llmops("run", "experiments/messages", "--set", "budget.calls=50")
    assert stopped.returncode == 0, stopped.stderr
    assert stub.answered == 50
    assert "budget" in stopped.stdout
    more = project.llmops(
        "run", "experiments/messages", "--resume", "latest", "--set", "budget.calls=1000"
    )
    assert more.returncode == 0, more.stderr
    assert stub.answered == 180


def test_a_run_continues_only_with_what_it_started_with(project: Project) -> None:
    assert project.llmops("run", "experiments/messages", "--limit", "2").returncode == 0
    prompt = project.folder / "flows" / "classify_messages" / "classify_direct.jinja2"
    prompt.write_text("# user:\nanother prompt {{summary}}\n")
    refused = project.llmops("run", "experiments/messages", "--limit", "2", "--resume", "latest")
    assert refused.returncode == 2
    assert "it was started with other flow" in refused.stderr


def test_no_key_is_in_any_file(project: Project) -> None:
    assert project.llmops("run", "experiments/messages", "--limit", "3").returncode == 0
    wrong = project.llmops(
        "run", "experiments/messages", "--limit", "3", STUB_KEY="sk-wrong-key-9876543210"
    )
    assert wrong.returncode == 0, wrong.stderr
    written = [path for path in project.folder.rglob("*") if path.is_file()]
    for path in written:
        content = path.read_bytes()
        assert KEY.encode() not in content, path
        assert b"sk-wrong-key-9876543210" not in content, path
    assert json.loads((project.runs[1] / "manifest.json").read_text())["experiment"] == "messages"
