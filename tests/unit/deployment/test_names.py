from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmops.deployment.names import ENVIRONMENT, LABEL, label_from


@pytest.mark.parametrize("name", ["reviews", "reviews-3", "a", "a" * 63])
def test_what_a_kubernetes_service_can_be_called_is_a_label(name: str) -> None:
    assert LABEL.check(name) == name


@pytest.mark.parametrize(
    "name", ["", "Reviews", "3d", "a_b", "a.b", "-a", "a-", "a" * 64, "a\n", "é", "../a"]
)
def test_no_other_name_is_one(name: str) -> None:
    with pytest.raises(ValueError, match="allowed: lower-case letters"):
        LABEL.check(name)


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_ ./-]{0,40}", fullmatch=True))
def test_a_name_that_begins_with_a_letter_makes_a_label(name: str) -> None:
    made = label_from(name)
    assert LABEL.check(made) == label_from(made)


@pytest.mark.parametrize("name", ["..", "", ".hidden", "a/b", "a b", "a\n"])
def test_an_environment_cannot_leave_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="allowed:"):
        ENVIRONMENT.check(name)
