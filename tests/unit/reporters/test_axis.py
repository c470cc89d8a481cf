from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmops.reporters.html.axis import Axis

FINITE = st.floats(min_value=-1e9, max_value=1e9).filter(lambda value: not 0 < abs(value) < 1e-9)


@given(st.lists(FINITE, min_size=1, max_size=8))
def test_an_axis_shows_every_value_between_a_few_ticks(values: list[float]) -> None:
    axis = Axis.over(values)
    assert all(-1 <= axis.place(value) <= 101 for value in values)
    assert 2 <= len(axis.ticks) <= 8
