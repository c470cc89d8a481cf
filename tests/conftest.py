"""A stub provider on loopback, and a small project that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from llm_stub import LLMStub, served
from sample_project import KEY, Project, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def stub() -> Iterator[LLMStub]:
    with served(LLMStub(api_key=KEY)) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, stub: LLMStub) -> Project:
    return make_project(tmp_path, stub)
