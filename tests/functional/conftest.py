"""Two releases, approved and registered once, and a copy of their project for each test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from rollout_place import Place, registered_messages
from sample_project import Project

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from approving import Released


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Generator[Released]:
    with registered_messages(tmp_path_factory.mktemp("registered")) as made:
        yield made


@pytest.fixture
def place(registered: Released, tmp_path: Path) -> Place:
    folder = tmp_path / "project"
    shutil.copytree(registered.project.folder, folder)
    return Place(Project(folder, registered.project.variables))
