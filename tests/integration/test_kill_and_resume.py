"""`kill -9` at random moments: nothing that was answered and recorded is paid again."""

from __future__ import annotations

import random
import subprocess
import threading
from collections import Counter
from typing import TYPE_CHECKING

from sample_project import accuracies, answers

if TYPE_CHECKING:
    from pathlib import Path

    from llm_stub import LLMStub
    from sample_project import Project

KILLS = 20
LINES = 150
CALLS = LINES * 9


def test_twenty_kills_end_in_the_same_results(project: Project, stub: LLMStub) -> None:
    project.write_lines(LINES)
    assert project.llmops("run", "experiments/messages").returncode == 0
    expected = results(project.runs[0])
    stub.reset(latency_ms=60)
    draw = random.Random(20261121)  # noqa: S311 - moments, no keys
    for kill in range(KILLS):
        resume = [] if kill == 0 else ["--resume", project.runs[-1].name]
        process = subprocess.Popen(
            project.command("run", "experiments/messages", *resume),
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        killed_at = stub.answered + draw.randrange(CALLS // KILLS)
        moment = threading.Event()
        while stub.answered < killed_at and process.poll() is None:
            moment.wait(0.002)
        process.kill()
        process.wait()
        while stub.transports or stub.in_flight:  # answered, but nobody is there to record it
            moment.wait(0.002)
    recorded = Counter(record_key(each) for each in project.records("call"))
    assert set(recorded.values()) == {1}
    before = stub.answered
    last = project.llmops("run", "experiments/messages", "--resume", project.runs[-1].name)
    assert last.returncode == 0, last.stderr
    assert stub.answered - before == CALLS - len(recorded)
    assert results(project.runs[-1]) == expected
    calls = Counter(record_key(each) for each in project.records("call"))
    assert len(calls) == CALLS
    assert set(calls.values()) == {1}


def record_key(record: dict[str, object]) -> tuple[object, ...]:
    return record["dataset"], record["line"], record["repeat"], record["key"]


def results(run: Path) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Return the metrics and every label, which are the same however often it was killed."""
    return accuracies(run), answers(run)
