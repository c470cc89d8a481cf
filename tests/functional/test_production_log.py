"""The production log stays within its bounds and keeps what is newest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llmops.errors import LLMOpsError
from llmops.redaction import Redactor
from llmops.serving.production_log import ProductionLog

if TYPE_CHECKING:
    from pathlib import Path


def test_the_folder_stays_within_its_bound_and_the_oldest_goes(tmp_path: Path) -> None:
    log = ProductionLog(tmp_path, 1.0, Redactor([]), file_bytes=1000, folder_bytes=4000)
    for number in range(200):
        log.write({"number": number, "text": "ä" * 20})
    log.close()
    files = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert sum(path.stat().st_size for path in files) <= 4000
    assert all(path.stat().st_size <= 1000 for path in files)
    kept = [json.loads(line)["number"] for path in files for line in path.read_text().splitlines()]
    assert kept == list(range(kept[0], 200))
    assert len(kept) > 30


def test_no_secret_is_written(tmp_path: Path) -> None:
    log = ProductionLog(tmp_path, 1.0, Redactor(["correct-horse"]))
    log.write({"inputs": {"text": "it is correct-horse"}})
    log.close()
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text()) == {"inputs": {"text": "it is ***"}}


def test_a_share_is_drawn_by_the_request(tmp_path: Path) -> None:
    log = ProductionLog(tmp_path, 0.25, Redactor([]))
    drawn = sum(log.has(f"request {number}") for number in range(4000))
    log.close()
    assert 900 < drawn < 1100


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LLMOpsError, match="--log-folder"):
        ProductionLog(tmp_path / "file" / "folder", 1.0, Redactor([]))
