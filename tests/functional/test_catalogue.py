"""The viewer's list of runs: read once, and again where files have changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from reviewed_run import write_reviewed_run

from llmops.errors import LLMOpsError
from llmops.pipeline.report import report
from llmops.review import Review
from llmops.viewing.catalogue import Catalogue
from llmops.viewing.finding import computed, reported

if TYPE_CHECKING:
    from pathlib import Path

KEY = "reviews/20260102-030405-abcd"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    write_reviewed_run(tmp_path / "reports" / KEY, lines=40)
    return tmp_path / "reports"


def test_a_run_is_read_again_only_when_it_has_changed(reports: Path) -> None:
    catalogue = Catalogue(reports)
    entry = catalogue.entry(KEY)
    assert catalogue.entry(KEY) is entry
    assert entry.facts.finding is None
    report(reports / KEY)
    after = catalogue.entry(KEY)
    assert after is not entry
    assert after.facts.outcome == "winner"


def test_the_newest_run_comes_first(reports: Path) -> None:
    write_reviewed_run(reports / "other" / "20260105-030405-abcd", lines=4, day=5)
    write_reviewed_run(reports / "another" / "20260103-030405-abcd", lines=4, day=3)
    found = [entry.experiment for entry in Catalogue(reports).entries()]
    assert found == ["other", "another", "reviews"]


def test_the_report_says_what_the_evidence_does(reports: Path) -> None:
    folder = reports / KEY
    report(folder)
    review = Review(folder)
    assert reported(folder) == computed(review.numbers, review.comparison)


def test_a_report_of_older_evidence_does_not_count(reports: Path) -> None:
    folder = reports / KEY
    report(folder)
    written = (folder / "report.json").stat().st_mtime_ns
    os.utime(folder / "run.jsonl", ns=(written + 1, written + 1))
    assert reported(folder) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"comparison": 1}'])
def test_a_damaged_report_is_named(reports: Path, text: str) -> None:
    folder = reports / KEY
    (folder / "report.json").write_text(text)
    with pytest.raises(LLMOpsError, match="write it again: llmops report reviews/"):
        reported(folder)
    assert "cannot be read" in Catalogue(reports).entry(KEY).facts.fault


def test_a_damaged_manifest_hides_no_other_run(reports: Path) -> None:
    broken = reports / "reviews" / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    found = {entry.run: entry.facts.fault for entry in Catalogue(reports).entries()}
    assert "no run that can be read" in found["broken"]
    assert found["20260102-030405-abcd"] == ""
