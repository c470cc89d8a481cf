"""The container target over a small project and a stand-in for its engine."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from engine_double import EngineDouble
from local_bench import LocalBench, end_all
from served_release import release_flow

from llmops.targets.container import ContainerTarget

if TYPE_CHECKING:
    from collections.abc import Generator

    from sample_project import Project


@contextmanager
def container_bench(project: Project) -> Generator[LocalBench]:
    release = release_flow(project.folder, project.folder / "flows" / "classify_messages")
    engine = EngineDouble(project.folder / "engine")
    engine.install("docker")
    kind = ContainerTarget(kind="container")
    bench = LocalBench(project=project, release=release, kind=kind)
    engine.add_image("messages:1", bench.deployment("any").folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{engine.bin}{os.pathsep}{os.environ['PATH']}")
        try:
            yield bench
        finally:
            end_all(bench)
