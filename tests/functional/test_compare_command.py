"""`llmops compare`: two runs, line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from judged_run import WINNER, write_judged

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = "20260102-030405-aaaa", "20260103-030405-bbbb"


def compare(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "llmops", "compare", FIRST, SECOND, *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_what_got_worse_is_shown(tmp_path: Path) -> None:
    write_judged(tmp_path, run_id=FIRST)
    write_judged(tmp_path, run_id=SECOND, skills=(0.5, 0.5, 0.5))
    done = compare(tmp_path)
    assert done.returncode == 0, done.stderr
    table = done.stdout.partition("long · plain\n")[2]
    row = next(line for line in table.splitlines() if "exact.correct" in line)
    assert row.split()[:6] == ["reviews", "exact.correct", "90.0", "%", "50.0", "%"]
    assert "\N{MINUS SIGN}40.0" in row
    assert row.rstrip().endswith("worse")
    sentence = done.stdout.splitlines()[-1]
    assert sentence.startswith(f"{SECOND} against {FIRST}: better in 0, worse in 1 of 6 tests")


def test_json_has_the_effects(tmp_path: Path) -> None:
    write_judged(tmp_path, run_id=FIRST)
    write_judged(tmp_path, run_id=SECOND, skills=(0.5, 0.5, 0.5))
    done = compare(tmp_path, "--json")
    told = json.loads(done.stdout)
    assert (told["first"], told["second"]) == (FIRST, SECOND)
    findings = {
        each["finding"]
        for each in told["effects"]
        if told["labels"][each["configuration"]] == WINNER
    }
    assert findings == {"worse", "not shown"}


def test_equal_runs_show_no_difference(tmp_path: Path) -> None:
    write_judged(tmp_path, run_id=FIRST)
    write_judged(tmp_path, run_id=SECOND)
    assert "no difference is shown" in " ".join(compare(tmp_path).stdout.split())


def test_files_that_differ_do_not_pair_and_that_is_said(tmp_path: Path) -> None:
    write_judged(tmp_path, run_id=FIRST)
    write_judged(tmp_path, run_id=SECOND, sha256="e" * 64)
    said = " ".join(compare(tmp_path).stdout.split())
    assert "the files differ" in said
    assert "no line pairs, so nothing can be compared." in said
