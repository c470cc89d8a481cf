from __future__ import annotations

import enum
import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_runs import call_record, configurations, line_record, manifest, trials, write_run

from llmops.domain.call import Answer
from llmops.domain.run import Metric
from llmops.errors import ConfigError, LLMOpsError
from llmops.store import RunReader, RunWriter, find_run, runs

if TYPE_CHECKING:
    from pathlib import Path

WORK = trials(configurations(2), ("reviews",))
MANIFEST = manifest(configurations(2), 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "reviews" / "r1"


def answered(folder: Path, output: object) -> object:
    """Return an output as it comes back from disk."""
    writer = RunWriter.create(folder, MANIFEST, ())
    writer.write_call(replace(call_record("reviews", 0, 0), answer=Answer(output=output)))
    writer.close()
    return RunReader(folder).calls("reviews", 0, 0)["k1"].output


def test_what_is_written_is_read_back(folder: Path) -> None:
    writer = RunWriter.create(folder, MANIFEST, ())
    call, line = call_record("reviews", 3, 0), line_record("reviews", 3, 0, WORK)
    metric = Metric(
        trial="t", evaluator="e", name="m", kind="mean", value=0.5, n=4, errors=1, missing=0
    )
    writer.write_call(call)
    writer.write_line(line)
    writer.write_metrics([metric, replace(metric, value=None, n=0, missing=4)])
    writer.close()
    reader = RunReader(folder)
    assert reader.manifest == MANIFEST
    assert reader.calls("reviews", 3, 0) == {"k1": call.answer}
    assert reader.calls("reviews", 4, 0) == {}
    assert list(reader.lines()) == [line]
    assert reader.metrics() == (replace(metric, value=None, n=0, missing=4),)


def test_lines_come_in_order_and_later_records_win(folder: Path) -> None:
    work = trials(configurations(2), ("a", "b"), repeats=2)
    content = manifest(configurations(2), 2, datasets=("b", "a"), repeats=2)
    writer = RunWriter.create(folder, content, ())
    for dataset, line, repeat in [("a", 1, 0), ("a", 0, 1), ("a", 0, 0), ("b", 1, 0)]:
        writer.write_line(line_record(dataset, line, repeat, work))
    first = line_record("a", 0, 0, work)
    trial, result = next(iter(first.results.items()))
    writer.write_line(replace(first, results={trial: replace(result, outputs={"again": 1})}))
    writer.close()
    lines = list(RunReader(folder).lines())
    assert [(line.dataset, line.repeat, line.line) for line in lines] == [
        ("b", 0, 1), ("a", 0, 0), ("a", 0, 1), ("a", 1, 0)
    ]  # fmt: skip
    assert lines[1].results[trial].outputs == {"again": 1}
    assert lines[1].results.keys() == first.results.keys()


def test_completed_tells_outputs_from_errors(folder: Path) -> None:
    write_run(folder, lines=200, count=2)
    completed = RunReader(folder).completed()
    for line in RunReader(folder).lines():
        good = {trial: result.error is None for trial, result in line.results.items()}
        assert completed[line.dataset, line.line, line.repeat] == good


def test_a_torn_last_record_is_cut_when_the_run_goes_on(folder: Path) -> None:
    write_run(folder, lines=2)
    whole = (folder / "run.jsonl").read_bytes()
    (folder / "run.jsonl").write_bytes(whole + b'{"kind":"call","data' + b"x" * 100_000)
    assert len(RunReader(folder).completed()) == 2
    RunWriter.reopen(folder, ()).close()
    assert (folder / "run.jsonl").read_bytes() == whole


def test_a_damaged_record_is_named_by_its_line(folder: Path) -> None:
    write_run(folder, lines=2)
    lines = (folder / "run.jsonl").read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:50] + b"\n"
    (folder / "run.jsonl").write_bytes(b"".join(lines))
    with pytest.raises(LLMOpsError, match=r"run\.jsonl:3: this record is damaged"):
        RunReader(folder).completed()


def test_kinds_of_a_later_version_are_skipped(folder: Path) -> None:
    write_run(folder, lines=1)
    with (folder / "run.jsonl").open("a") as file:
        file.write('{"kind":"novelty"}\n')
    assert RunReader(folder).status == "completed"


def test_only_one_process_writes_a_run(folder: Path) -> None:
    writer = RunWriter.create(folder, MANIFEST, ())
    writer.write_event("started")
    assert RunReader(folder).status == "running"
    with pytest.raises(LLMOpsError, match=f"r1: process {os.getpid()} is writing this run"):
        RunWriter.reopen(folder, ())
    writer.close()
    assert RunReader(folder).status == "interrupted"


def test_a_killed_writer_loses_nothing_and_leaves_no_lock(folder: Path) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from fake_runs import call_record
from llmops.store import RunWriter
writer = RunWriter.reopen(Path(sys.argv[1]), ())
for line in range(50):
    writer.write_call(call_record("reviews", line, 0))
os.kill(os.getpid(), signal.SIGKILL)
"""
    RunWriter.create(folder, MANIFEST, ()).close()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program, str(folder)], check=False, env=environment)
    RunWriter.reopen(folder, ()).close()
    assert all(RunReader(folder).calls("reviews", line, 0) for line in range(50))


def test_a_full_disk_is_one_clear_error_and_leaves_no_half_record(folder: Path) -> None:
    writer = RunWriter.create(folder, MANIFEST, ())
    writer.write_call(call_record("reviews", 0, 0))
    before = (folder / "run.jsonl").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limits[1]))
    try:
        with pytest.raises(LLMOpsError, match=r"run\.jsonl: cannot be written: File too large"):
            writer.write_call(call_record("reviews", 1, 0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (folder / "run.jsonl").read_bytes() == before
    writer.write_call(call_record("reviews", 1, 0))
    writer.close()
    assert RunReader(folder).calls("reviews", 1, 0)


def test_a_run_is_never_started_over(folder: Path) -> None:
    RunWriter.create(folder, MANIFEST, ()).close()
    with pytest.raises(LLMOpsError, match="holds a run already"):
        RunWriter.create(folder, MANIFEST, ())
    with pytest.raises(LLMOpsError, match=r"no run: manifest\.json is missing"):
        RunWriter.reopen(folder / "other", ())


def test_no_secret_reaches_any_file(folder: Path) -> None:
    writer = RunWriter.create(folder, {**MANIFEST, "command": "run key-1234567"}, ["key-1234567"])
    writer.write_event("failed", message="bad key key-1234567")
    answer = Answer(output="key-1234567")
    writer.write_call(replace(call_record("reviews", 0, 0), answer=answer))
    writer.close()
    assert all(b"key-1234567" not in path.read_bytes() for path in folder.iterdir())


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: float
    tags: frozenset[str]


class Image(bytes):
    """What identifies promptflow's Image, whose import takes seconds."""

    _mime_type = "image/png"


class Rude:
    def __str__(self) -> str:
        raise RuntimeError


def cycle() -> object:
    """Return a list that holds itself."""
    items: list[object] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (np.float32(0.5), 0.5),
        (np.arange(3), [0, 1, 2]),
        ({"a": np.int64(3), "b": float("nan")}, {"a": 3, "b": None}),
        (np.array([1.0, np.inf]), [1.0, None]),
        (Point(float("-inf"), frozenset({"b", "a"})), {"x": None, "tags": ["a", "b"]}),
        (Colour.RED, "red"),
        ({(1, 2): "pair", None: 1}, {"(1, 2)": "pair", "None": 1}),
        (Image(b"png"), {"data:image/png;base64": "cG5n"}),
        (Rude(), "<Rude>"),
        ("lone \ud800 surrogate\x00", "lone ? surrogate\x00"),
    ],
)
def test_any_value_of_a_tool_becomes_sensible_json(
    folder: Path, output: object, expected: object
) -> None:
    assert answered(folder, output) == expected


def test_a_value_that_holds_itself_is_no_error(folder: Path) -> None:
    assert "<list>" in json.dumps(answered(folder, cycle()))


@pytest.mark.parametrize("name", ["latest", "reviews/r2", "r2", "reports/reviews/r2", "{folder}"])
def test_a_run_is_found_by_name_id_path_or_age(folder: Path, tmp_path: Path, name: str) -> None:
    RunWriter.create(folder, MANIFEST, ()).close()
    newer = folder.parent / "r2"
    RunWriter.create(newer, {**MANIFEST, "created": "2026-02-01"}, ()).close()
    assert find_run(tmp_path, name.format(folder=newer)) == newer
    assert runs(tmp_path / "reports") == (folder, newer)


def test_an_unknown_run_is_answered_with_those_there_are(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no run yet"):
        find_run(tmp_path, "latest")
    RunWriter.create(folder, MANIFEST, ()).close()
    with pytest.raises(ConfigError, match="no such run; the newest are: reviews/r1"):
        find_run(tmp_path, "reviews/r9")
