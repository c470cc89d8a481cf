"""The local target over a small project; whatever it started ends with the block."""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from served_release import release_flow

from llmops.domain.deployment import Deployment, Place, Probe
from llmops.targets.local import LocalTarget
from llmops.targets.local.supervised import until

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractAsyncContextManager

    from sample_project import Project

    from llmops.domain.deployment import Target
    from llmops.domain.release import Release
    from llmops.targets.container import ContainerTarget


@dataclass(frozen=True, kw_only=True)
class LocalBench:
    """See `target_bench`; the release's flow asks the stub."""

    project: Project
    release: Release
    sticky: str = "header:X-User"
    kind: LocalTarget | ContainerTarget = field(default_factory=lambda: LocalTarget(kind="local"))

    @property
    def place(self) -> Place:
        return Place(
            project=self.project.folder,
            environment="dev",
            endpoint="messages",
            variables={**os.environ, **self.project.variables},
        )

    @property
    def endpoint(self) -> Path:
        """The endpoint's folder."""
        return self.project.folder / "reports" / "endpoints" / "dev" / "messages"

    def open(self) -> AbstractAsyncContextManager[Target]:
        return self.kind.open(self.place)

    def deployment(self, name: str) -> Deployment:
        releases = self.project.folder / "reports" / "releases"
        return Deployment(
            endpoint="messages",
            name=name,
            release=self.release,
            folder=releases / self.release.name / str(self.release.number),
            probe=Probe(startup_seconds=60, interval_seconds=0.05, timeout_seconds=5),
        )

    def broken(self, name: str) -> Deployment:
        """Return one that ends before it is ready: its connection has no address."""
        return replace(self.deployment(name), variables={"STUB_URL": ""})

    def processes(self) -> dict[int, str]:
        """Return what runs for this project: command lines by process id."""
        return {
            int(each.parent.name): command
            for each in Path("/proc").glob("[0-9]*/cmdline")
            if str(self.project.folder) in (command := _text(each))
        }


@contextmanager
def local_bench(project: Project) -> Generator[LocalBench]:
    release = release_flow(project.folder, project.folder / "flows" / "classify_messages")
    namesake = project.folder / "llmops" / "__init__.py"
    namesake.parent.mkdir()
    namesake.write_text("raise ImportError('a project may have a folder of this name')")
    bench = LocalBench(project=project, release=release)
    try:
        yield bench
    finally:
        end_all(bench)


def end_all(bench: LocalBench) -> None:
    """Do what any test may forget: nothing runs that its folder does not want."""
    for path in bench.endpoint.rglob("wanted.json"):
        path.unlink()
    asyncio.run(until(lambda: not bench.processes()))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:  # it has ended meanwhile
        return ""
