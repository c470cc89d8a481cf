"""Who gives way when a deployment gets another share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmops.domain.deployment import Routing
from llmops.errors import TargetError
from llmops.rollout.shares import with_share


@given(
    shares=st.lists(st.integers(1, 100), min_size=2, max_size=6),
    percent=st.integers(0, 100),
)
def test_shares_are_always_100_together_and_nobody_is_below_0(
    shares: list[int], percent: int
) -> None:
    total = sum(shares)
    split = {f"d{at}": each * 100 // total for at, each in enumerate(shares)}
    split["d0"] += 100 - sum(split.values())
    after = with_share(Routing(percent=split), "d1", percent).percent
    assert after["d1"] == percent
    others = {name: share for name, share in split.items() if name != "d1"}
    if sum(others.values()):
        assert sum(after.values()) == 100
        for name, share in others.items():
            exact = share * (100 - percent) / sum(others.values())
            assert abs(after[name] - exact) < 1


def test_the_first_deployment_has_all_or_nothing() -> None:
    assert with_share(Routing(), "a", 100).percent == {"a": 100}
    assert with_share(Routing(), "a", 0).percent == {"a": 0}
    with pytest.raises(TargetError, match="nobody else would have the rest"):
        with_share(Routing(percent={"b": 0}), "a", 10)


def test_copies_and_stickiness_stay_as_they_were() -> None:
    before = Routing(percent={"a": 100}, mirror={"b": 20}, sticky="header:X-User")
    after = with_share(before, "b", 10)
    assert (after.mirror, after.sticky) == ({"b": 20}, "header:X-User")
