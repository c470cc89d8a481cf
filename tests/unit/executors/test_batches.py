"""The order of a race: shuffled, repeatable, groups whole, held-out lines last."""

from __future__ import annotations

from llmops.domain.analysis import Analysis, Split
from llmops.executors.batches import lay_out

SORTED = [{"text": "same", "label": "good" if line < 100 else "bad"} for line in range(200)]


def test_a_sorted_file_is_mixed_and_every_line_comes_once() -> None:
    batches = lay_out(SORTED, Analysis(), batch=20)
    assert [len(batch) for batch in batches.raced] == [20] * 10
    lines = [line for batch in batches.raced for (line,) in batch]
    assert sorted(lines) == list(range(200))
    assert all(4 <= sum(line < 100 for (line,) in batch) <= 16 for batch in batches.raced)
    assert batches == lay_out(SORTED, Analysis(), batch=20)
    assert (batches.lines, batches.largest) == (200, 1)


def test_lines_of_a_group_stay_together() -> None:
    rows = [{"customer": None if line < 5 else line % 7} for line in range(50)]
    batches = lay_out(rows, Analysis(group="customer"), batch=10)
    units = [unit for batch in batches.raced for unit in batch]
    assert {len({rows[line]["customer"] for line in unit}) for unit in units} == {1}
    assert len(units) == 5 + 7
    assert all(sum(map(len, batch)) >= 10 for batch in batches.raced[:-1])
    assert batches.largest == max(map(len, units)) > 1


def test_held_out_lines_come_last() -> None:
    holdout = Split(column="label", values=("bad",))
    batches = lay_out(SORTED, Analysis(holdout=holdout), batch=30)
    assert batches.kept == tuple(range(100, 200))
    assert {line < 100 for batch in batches.raced for (line,) in batch} == {True}
    assert [len(batch) for batch in batches.raced] == [30, 30, 30, 10]
