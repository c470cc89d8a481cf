"""Start-up is a feature: what a command does not need, it does not import."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sample_project import Project

HEAVY = {"promptflow", "pandas", "scipy", "azure", "openai", "jinja2", "aiohttp", "ruamel", "rich"}
PROGRAM = """
import json, sys
from llmops.cli import app
try:
    app({arguments!r}, standalone_mode=False)
finally:
    print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def imported(*arguments: str, project: Project | None = None) -> set[str]:
    program = PROGRAM.format(arguments=list(arguments))
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=project.folder if project else None,
        env=project.environment() if project else None,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["plan", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported(*arguments) & HEAVY == set()


def test_planning_imports_no_model_library(project: Project) -> None:
    found = imported("plan", "experiments/messages", project=project)
    assert found & (HEAVY - {"ruamel", "rich"}) == set()


def test_a_run_whose_tools_want_the_decorator_only_never_imports_promptflow(
    project: Project,
) -> None:
    found = imported("run", "experiments/messages", "--limit", "2", project=project)
    assert "promptflow" in found, "the stand-in bears its name"
    assert found & {"marshmallow", "openai", "opentelemetry", "pandas"} == set()
