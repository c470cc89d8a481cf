"""`llmops gate` as a pipeline calls it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from judged_run import BASELINE, GATES, WINNER, write_judged

from llmops.domain.analysis import Gate

if TYPE_CHECKING:
    from pathlib import Path


def gate(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "llmops", "gate", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_a_run_that_meets_every_gate_passes(tmp_path: Path) -> None:
    write_judged(tmp_path, *GATES)
    done = gate(tmp_path)
    assert done.returncode == 0, done.stderr
    assert WINNER in done.stdout
    assert done.stdout.count(" met  ") == len(GATES)
    assert done.stderr == ""


def test_all_unmet_gates_are_named_together(tmp_path: Path) -> None:
    unmet = (
        Gate(metric="correct", at_least=0.95),
        Gate(metric="corect", at_least=0.1),
        Gate(metric="cost_per_line", at_most=0.0001),
    )
    write_judged(tmp_path, *GATES, *unmet)
    done = gate(tmp_path, "latest")
    assert done.returncode == 4
    first, *sentences = done.stderr.splitlines()
    assert first == "3 gates are not met:"
    assert [sentence.split()[0] for sentence in sentences] == [
        "exact.correct",
        "corect",
        "cost_per_line",
    ]
    assert "did you mean 'exact.correct'?" in done.stderr
    assert done.stdout.count("unmet  ") == 3
    assert done.stdout.count(" met  ") == len(GATES)


def test_every_slice_is_held_against_its_gate(tmp_path: Path) -> None:
    by_label = Gate(metric="correct", at_least=0.5, slice="label")
    write_judged(tmp_path, by_label, Gate(metric="words", at_most=41, slice="customer"))
    done = gate(tmp_path)
    assert done.returncode == 4
    assert "for label '" in done.stdout
    assert "no value of the column customer has 20 lines" in done.stdout
    few = Gate(metric="words", at_most=41, slice="customer", min_lines=4)
    write_judged(tmp_path, by_label, few, run_id="20260103-030405-abcd")
    done = gate(tmp_path)
    assert done.returncode == 4
    assert "the worst of 20, is 42.5 (n = 4); at most 41 is wanted" in done.stdout


def test_a_baseline_alone_can_meet_a_slice_s_gate(tmp_path: Path) -> None:
    write_judged(tmp_path, Gate(metric="correct", at_least=0.5, slice="label"), skills=(0.9,))
    done = gate(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the worst of 2" in done.stdout


def test_a_run_without_gates_passes_and_says_so(tmp_path: Path) -> None:
    write_judged(tmp_path)
    done = gate(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "states no gates" in done.stdout


def test_another_configuration_may_be_judged(tmp_path: Path) -> None:
    write_judged(tmp_path, *GATES)
    done = gate(tmp_path, "--configuration", BASELINE)
    assert done.returncode == 4
    assert "1 gate is not met:\n  exact.correct on reviews is 0.5 " in done.stderr
    unknown = gate(tmp_path, "--configuration", BASELINE.replace("plain", "plane"))
    assert unknown.returncode == 2
    assert f"did you mean '{BASELINE}'?" in unknown.stderr
