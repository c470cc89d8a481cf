"""What an image has is enough to serve, and nothing beside the release is written."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from image_layout import lay_out
from served_release import LONG, release_flow

from llmops.domain.configuration import Configuration
from llmops.pipeline.build import Wish, write
from llmops.registries.folder import FolderRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from sample_project import Project

    from llmops.domain.release import Release

CODE = """\
from promptflow.core import tool


@tool
def loud(text: str) -> str:
    return text.upper()
"""
FLOW = """\
inputs:
  text: {type: string}
outputs:
  label: {type: string, reference: "${loud.output}"}
nodes:
- {name: loud, type: python, source: {type: code, path: loud.py}, inputs: {text: "${inputs.text}"}}
"""


def image_of_llm(project: Project) -> Release:
    return measured(project, project.folder / "flows" / "classify_messages", LONG)


def image_of_python(project: Project) -> Release:
    """Release a flow of Python with promptflow's decorator."""
    flow = project.folder / "flows" / "loud"
    flow.mkdir()
    (flow / "flow.dag.yaml").write_text(FLOW)
    (flow / "loud.py").write_text(CODE)
    return measured(project, flow, Configuration())


def measured(project: Project, flow: Path, configuration: Configuration) -> Release:
    pins = "\n".join(f"{each.name}=={each.version}" for each in metadata.distributions())
    return release_flow(project.folder, flow, configuration, requirements=pins)


@contextmanager
def serving(project: Project, place: Path, packages: Path, home: Path) -> Generator[str]:
    """Serve with these packages alone, and give the address."""
    with subprocess.Popen(
        [
            *(sys.executable, "-SP", "-m", "llmops", "serve", str(place), "--port", "0"),
            *("--log-folder", str(home / "logs")),
        ],
        cwd=place,
        env={"PYTHONPATH": str(packages), "HOME": str(home), **project.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        try:
            assert line, process.communicate()[1]
            yield line.split("//")[1].strip()
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.mark.parametrize("made", [image_of_llm, image_of_python])
def test_the_packages_of_the_image_serve_it(
    project: Project, made: Callable[[Project], Release]
) -> None:
    release = made(project)
    image, packages = project.folder / "image", project.folder / "packages"
    write(project.folder, Wish(release=release.label), image)
    lay_out(image, packages)
    place = image / "release" / release.name / str(release.number)
    for path in (place, *place.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    home = project.folder / "home"
    home.mkdir()
    with (
        serving(project, place, packages, home) as address,
        closing(HTTPConnection(address, timeout=30)) as connection,
    ):
        body = json.dumps({"text": "it works"})
        connection.request("POST", "/score", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        assert "label" in json.loads(answer.read())
    assert FolderRegistry(root=place.parent.parent).load(release.name, release.number) == release
    assert any((home / "logs").glob("*.jsonl"))
