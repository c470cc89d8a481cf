"""On which side of a split a line is."""

from __future__ import annotations

from llmops.domain.analysis import Split


def test_a_column_decides_by_its_text() -> None:
    split = Split(column="fold", values=("3", "test"))
    assert [split.holds({"fold": fold}) for fold in (3, "test", "3", 30, None)] == [
        *(True, True, True),
        *(False, False),
    ]
    assert not split.holds({})


def test_a_share_is_drawn_from_the_data_alone() -> None:
    split = Split(share=0.3)
    rows = [{"text": f"message {number}", "label": "good"} for number in range(2_000)]
    sides = [split.holds(row) for row in rows]
    assert 0.27 < sum(sides) / len(sides) < 0.33
    assert sides == [split.holds(dict(reversed(row.items()))) for row in rows]
    larger = [Split(share=0.5).holds(row) for row in rows]
    assert all(more for less, more in zip(sides, larger, strict=True) if less)
