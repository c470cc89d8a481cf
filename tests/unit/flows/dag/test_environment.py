from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from llmops.errors import ConfigError
from llmops.flows.dag.environment import set_variables, used_connections

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def same_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        for name in ("LLMOPS_TEST_ONE", "LLMOPS_TEST_TWO"):
            patch.setenv(name, "before")
        yield


def test_flows_of_a_process_share_values_and_cannot_differ() -> None:
    set_variables({"LLMOPS_TEST_ONE": "a"}, "first")
    set_variables({"LLMOPS_TEST_ONE": "a"}, "second")
    assert os.environ["LLMOPS_TEST_ONE"] == "a"
    with pytest.raises(ConfigError, match=r"third: .*LLMOPS_TEST_ONE: not the value that first"):
        set_variables({"LLMOPS_TEST_ONE": "b"}, "third")
    assert os.environ["LLMOPS_TEST_ONE"] == "a"


def test_references_to_connections_wait() -> None:
    wanted = {"LLMOPS_TEST_TWO": "${mine.api_key}", "LLMOPS_TEST_THREE": "${env:HOME}"}
    assert set_variables(wanted, "first") == {"LLMOPS_TEST_TWO": "${mine.api_key}"}
    assert os.environ["LLMOPS_TEST_TWO"] == "before"
    assert used_connections(wanted) == {"mine"}
    del os.environ["LLMOPS_TEST_THREE"]
