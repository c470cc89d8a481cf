"""Endpoints of real processes: the verbs as commands, requests, and what is left running."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from approving import ENVIRONMENT
from sample_project import Project

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator

    from approving import Released

PLAN = """\
target: {kind: local, port: 0}
probe: {interval_seconds: 0.2}
traffic: {steps: [10, 50, 100], bake_minutes: 0, bake_requests: 0}
"""


@contextmanager
def served_copy(released: Released, folder: Path) -> Generator[Project]:
    """Give a copy of the project, and end what was started there."""
    shutil.copytree(released.project.folder, folder)
    (folder / "experiments/messages/deployment.yaml").write_text(PLAN)
    copy = Project(folder, released.project.variables)
    try:
        yield copy
    finally:
        done(copy, "delete", "messages", "--all")


def done(project: Project, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    verb = project.llmops(*arguments, "--env", ENVIRONMENT)
    assert verb.returncode == code, (arguments, verb.stdout, verb.stderr)
    return verb


def address(project: Project) -> str:
    return done(project, "status", "messages").stdout.split()[2]


def score(url: str, text: str = "message 3") -> str:
    """Ask the endpoint and return who answered."""
    request = Request(  # noqa: S310  the address is our own
        f"{url}/score", json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        assert "label" in json.loads(answer.read())
        return answer.headers["X-Deployment"]


def processes_of(project: Project) -> list[str]:
    """Return the command lines of all processes that work in the project's folder."""
    found: list[str] = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if project.folder in (place := (each / "cwd").readlink(), *place.parents):
                found.append((each / "cmdline").read_text().replace("\0", " "))
    return found
