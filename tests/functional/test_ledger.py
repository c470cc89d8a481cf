"""The ledger notices whatever was done to it, and survives a crash in the middle of a record."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from llmops import ledger
from llmops.domain.ledger import GENESIS
from llmops.errors import ApprovalError, LLMOpsError
from llmops.pipeline.audit import audit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llmops.domain.ledger import RecordKind

    Lines = list[bytes]

APPEND = """\
import sys
from pathlib import Path
from llmops import ledger
for number in range(int(sys.argv[3])):
    ledger.append(Path(sys.argv[1]), "gate", {"run": f"{sys.argv[2]}/{number}"}, "ci")
    print(number, flush=True)
"""
LIMITED = """\
import resource
size, room = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, room))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(5):
        ledger.append(tmp_path, "gate", {"run": f"reviews/{number}"}, "ci")
    return tmp_path


def test_each_record_has_the_hash_of_the_one_before(project: Path) -> None:
    verified = ledger.verify(project)
    assert verified.breaks == ()
    assert [each.sequence for each in verified.records] == [1, 2, 3, 4, 5]
    hashes = [each.hash for each in verified.records]
    assert [each.previous for each in verified.records] == [GENESIS, *hashes[:-1]]
    assert verified.head == hashes[-1]


def _edited(lines: Lines) -> Lines:
    return [lines[0], lines[1].replace(b"/1", b"/7"), *lines[2:]]


def _upper(lines: Lines) -> Lines:
    return [lines[0], lines[1].upper(), *lines[2:]]


def _dropped(lines: Lines) -> Lines:
    return [lines[0], *lines[2:]]


def _first_dropped(lines: Lines) -> Lines:
    return lines[1:]


def _swapped(lines: Lines) -> Lines:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _doubled(lines: Lines) -> Lines:
    return [*lines[:2], *lines[1:]]


def _emptied(lines: Lines) -> Lines:
    return [*lines[:2], b"", *lines[2:]]


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (_edited, 2, "edited: the record does not have its own hash"),
        (_upper, 2, "this is no record"),
        (_dropped, 2, "a record before it was dropped, inserted, edited or moved"),
        (_first_dropped, 1, "it is number 2, but stands at 1"),
        (_swapped, 2, "it is number 3, but stands at 2"),
        (_doubled, 3, "it is number 2, but stands at 3"),
        (_emptied, 3, "this is no record"),
    ],
)
def test_a_changed_line_is_named(
    project: Path, change: Callable[[Lines], Lines], line: int, said: str
) -> None:
    path = ledger.path_of(project)
    path.write_bytes(b"".join(each + b"\n" for each in change(path.read_bytes().splitlines())))
    broken = [each for each in ledger.verify(project).breaks if each.where.endswith(f":{line}")]
    assert said in [each.seen for each in broken]


def test_nothing_is_added_to_a_broken_chain(project: Path) -> None:
    path = ledger.path_of(project)
    path.write_bytes(path.read_bytes().replace(b"reviews/1", b"reviews/9"))
    before = path.read_bytes()
    with pytest.raises(ApprovalError, match=r"ledger.jsonl:2: edited"):
        ledger.append(project, "gate", {}, "ci")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("lost", "kept"), [(200, 4), (2, 4), (1, 5)])
def test_the_next_record_mends_what_a_crash_cut(project: Path, lost: int, kept: int) -> None:
    path = ledger.path_of(project)
    path.write_bytes(path.read_bytes()[:-lost])
    assert "cut short" in str(ledger.verify(project).breaks[0])
    ledger.append(project, "gate", {"run": "after"}, "ci")
    verified = ledger.verify(project)
    assert verified.breaks == ()
    assert len(verified.records) == kept + 1


@pytest.mark.parametrize(("lost", "kept"), [(200, 4), (2, 4), (1, 5), (0, 5)])
def test_what_a_crash_cut_can_be_mended_without_another_record(
    project: Path, lost: int, kept: int
) -> None:
    path = ledger.path_of(project)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - lost])
    ledger.mend(project)
    verified = ledger.verify(project)
    assert (verified.breaks, len(verified.records)) == ((), kept)


@pytest.mark.parametrize("end", [b"\x0b", b"x", b" ", b"}"])
def test_a_whole_record_is_not_taken_for_a_cut_one(project: Path, end: bytes) -> None:
    path = ledger.path_of(project)
    path.write_bytes(path.read_bytes()[:-1] + end)
    before = path.read_bytes()
    for add in (ledger.mend, partial(ledger.append, kind="gate", body={}, actor="ci")):
        with pytest.raises(ApprovalError, match=r"ledger.jsonl:5: edited"):
            add(project)
    assert path.read_bytes() == before


def test_only_an_anchor_shows_that_the_end_is_gone(project: Path) -> None:
    path = ledger.path_of(project)
    head = ledger.verify(project).head
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert audit(project).breaks == ()
    (broken,) = audit(project, head).breaks
    assert "records were cut off or replaced" in broken.seen
    assert audit(project, ledger.verify(project).records[0].hash).breaks == ()


def test_processes_that_write_at_once_make_one_chain(tmp_path: Path) -> None:
    def write(name: str) -> None:
        subprocess.run(
            [sys.executable, "-c", APPEND, str(tmp_path), name, "50"],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, ("a", "b")))
    verified = ledger.verify(tmp_path)
    assert verified.breaks == ()
    found = [str(each.body["run"]) for each in verified.records]
    for name in "ab":
        own = [f"{name}/{number}" for number in range(50)]
        assert [each for each in found if each in own] == own


def test_what_was_appended_outlives_a_kill(tmp_path: Path) -> None:
    for killed_after in range(4):
        command = [sys.executable, "-c", APPEND, str(tmp_path), "a", "9999"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            before = len(ledger.verify(tmp_path).records)
            said = [writer.stdout.readline() for _ in range(3 + killed_after)]
            writer.kill()
        ledger.append(tmp_path, "gate", {}, "ci")
        verified = ledger.verify(tmp_path)
        assert verified.breaks == ()
        assert len(verified.records) > before + len(said)


def test_a_full_disk_leaves_no_half_record(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED + APPEND, str(tmp_path), "a", "99"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = "ledger.jsonl: cannot be written: File too large; nothing was recorded; mend this"
    assert said in done.stderr
    verified = ledger.verify(tmp_path)
    assert verified.breaks == ()
    assert len(verified.records) == len(done.stdout.splitlines()) > 2
    ledger.append(tmp_path, "gate", {}, "ci")
    assert ledger.verify(tmp_path).breaks == ()


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")
    with pytest.raises(LLMOpsError, match=r"ledger.jsonl: cannot be written: "):
        ledger.append(tmp_path, "gate", {}, "ci")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("traffic", {"endpoint": "reviews"}),
        ("run", {"run": "reviews/x"}),
        ("stage", {"tag": "calm"}),
        ("gate", {"worst": float("nan")}),
    ],
)
def test_nothing_is_written_that_would_break_the_chain(
    project: Path, kind: RecordKind, body: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=f"{kind} record|JSON"):
        ledger.append(project, kind, body, "ci")
    verified = ledger.verify(project)
    assert (verified.breaks, len(verified.records)) == ((), 5)


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "party"},
        {"body": []},
        {"actor": None},
        {"sequence": True},
        {"signature": 5},
        {"kind": "run", "body": {"run": "reviews/x"}},
        {"kind": "release", "body": {}},
        {"kind": "deletion", "body": {}},
        {"kind": "traffic", "body": {"endpoint": "reviews", "releases": ["reviews/1"]}},
    ],
)
def test_what_has_not_the_form_of_a_record_is_named(project: Path, odd: dict[str, object]) -> None:
    path = ledger.path_of(project)
    *lines, last = path.read_bytes().splitlines()
    text = json.dumps(json.loads(last) | odd, sort_keys=True, separators=(",", ":"))
    path.write_bytes(b"\n".join([*lines, text.encode(), b""]))
    (broken,) = audit(project).breaks
    assert str(broken) == "ledger.jsonl:5: this is no record"


def _twice(line: bytes) -> bytes:
    return line.replace(b'"actor":"ci"', b'"actor":"me","actor":"ci"')


def _spaced(line: bytes) -> bytes:
    return line.replace(b",", b", ", 1)


def _escaped(line: bytes) -> bytes:
    return line.replace(b'"ci"', b'"\\u0063i"')


def _carriage(line: bytes) -> bytes:
    return line + b"\r"


def _huge(line: bytes) -> bytes:
    return line.replace(b'"sequence":5', b'"sequence":5' + b"0" * 5000)


def _not_a_number(line: bytes) -> bytes:
    return line.replace(b'"body":{', b'"body":{"worst":NaN,')


def _surrogate(line: bytes) -> bytes:
    return line.replace(b'"ci"', b'"\\ud800"')


def _latin(line: bytes) -> bytes:
    return line.replace(b'"ci"', b'"\xe9"')


def _deep(line: bytes) -> bytes:
    return line.replace(b'"body":{', b'"body":{"a":' + b"[" * 9999 + b"]" * 9999 + b",")


@pytest.mark.parametrize(
    "change",
    [_twice, _spaced, _escaped, _carriage, _huge, _not_a_number, _surrogate, _latin, _deep],
)
def test_a_record_has_one_form(project: Path, change: Callable[[bytes], bytes]) -> None:
    path = ledger.path_of(project)
    *lines, last = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines, change(last), b""]))
    (broken,) = audit(project).breaks
    assert str(broken).startswith("ledger.jsonl:5: this is no record")


def test_a_body_may_be_as_deep_as_json_can_be_read(project: Path) -> None:
    path = ledger.path_of(project)
    text = path.read_bytes()
    for depth in range(900, 1000):
        nested = b'"body":{"a":' + b"[" * depth + b"]" * depth + b","
        path.write_bytes(text.replace(b'"body":{', nested, 1))
        assert ledger.verify(project).breaks[0].where == "ledger.jsonl:1"


@pytest.mark.parametrize(
    "run", ["../..", "/etc", "reviews/../..", "reviews", "a/b/c", "\0", "x" * 999]
)
def test_a_run_that_is_no_runs_name_is_looked_for_nowhere(tmp_path: Path, run: str) -> None:
    (tmp_path / "reports" / "a" / "b" / "c").mkdir(parents=True)
    ledger.append(tmp_path, "run", {"run": run, "evidence": "0" * 64, "files": {}}, "ci")
    verified = audit(tmp_path)
    assert (verified.breaks, verified.absent) == ((), (run,))


def test_a_project_without_a_ledger_is_clean(tmp_path: Path) -> None:
    assert audit(tmp_path).head == GENESIS
