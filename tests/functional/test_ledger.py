"""The ledger notices whatever was done to it, and survives a crash in the middle of a record."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from llmops import ledger
from llmops.domain.ledger import GENESIS
from llmops.errors import ApprovalError
from llmops.pipeline.audit import audit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Lines = list[bytes]

APPEND = """\
import sys
from pathlib import Path
from llmops import ledger
for number in range(10):
    ledger.append(Path(sys.argv[1]), "gate", {"run": f"{sys.argv[2]}/{number}"}, "ci")
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


@pytest.mark.parametrize("end", [b"\x0b", b"x", b" ", b"}"])
def test_a_whole_record_is_not_taken_for_a_cut_one(project: Path, end: bytes) -> None:
    path = ledger.path_of(project)
    path.write_bytes(path.read_bytes()[:-1] + end)
    before = path.read_bytes()
    with pytest.raises(ApprovalError, match=r"ledger.jsonl:5: edited"):
        ledger.append(project, "gate", {}, "ci")
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
        subprocess.run([sys.executable, "-c", APPEND, str(tmp_path), name], check=True)

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, ("a", "b", "c")))
    verified = ledger.verify(tmp_path)
    assert verified.breaks == ()
    assert {str(each.body["run"]) for each in verified.records} == {
        f"{name}/{number}" for name in "abc" for number in range(10)
    }


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
    ],
)
def test_what_has_not_the_form_of_a_record_is_named(project: Path, odd: dict[str, object]) -> None:
    path = ledger.path_of(project)
    *lines, last = path.read_bytes().splitlines()
    text = json.dumps(json.loads(last) | odd, sort_keys=True, separators=(",", ":"))
    path.write_bytes(b"\n".join([*lines, text.encode(), b""]))
    (broken,) = audit(project).breaks
    assert str(broken) == "ledger.jsonl:5: this is no record"


def test_a_project_without_a_ledger_is_clean(tmp_path: Path) -> None:
    assert audit(tmp_path).head == GENESIS
