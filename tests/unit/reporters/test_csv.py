from __future__ import annotations

import pytest

from llmops.reporters.csv.table import cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1.5, 0, None, "a=b", "1-1"])
def test_numbers_and_ordinary_text_stay_as_they_are(value: object) -> None:
    assert cell(value) == value
