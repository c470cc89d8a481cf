"""`llmops build`: what the engine is given, and what its user is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from engine_double import DOWN, FAILED, EngineDouble
from sample_project import KEY
from served_release import release_flow

from llmops import ledger
from llmops.errors import ConfigError
from llmops.pipeline.build import Wish, write
from llmops.registries.folder import FolderRegistry, releases_folder

if TYPE_CHECKING:
    from pathlib import Path

    from sample_project import Project

    from llmops.domain.release import Release

FLOW = "flows/classify_messages"


def measured(project: Project, **files: str) -> Release:
    """Register the flow with the packages that are installed here; files are put beside it."""
    pins = {each.name: each.version for each in metadata.distributions()}
    lines = "\n".join(f"{name}=={version}" for name, version in pins.items())
    for name, text in files.items():
        (project.folder / FLOW / name.replace("_txt", ".txt").replace("_py", ".py")).write_text(
            text
        )
    return release_flow(project.folder, project.folder / FLOW, requirements=lines)


@pytest.fixture
def engine(project: Project) -> EngineDouble:
    return EngineDouble(project.folder / "engine")


def built(
    project: Project, engine: EngineDouble, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return project.llmops("build", *arguments, PATH=str(engine.bin))


def context(project: Project, folder: str = "context", *, all_packages: bool = False) -> Path:
    place = project.folder / folder
    write(project.folder, Wish(release="messages/1", all_packages=all_packages), place)
    return place


def packages(place: Path) -> set[str]:
    lines = (place / "requirements.txt").read_text().splitlines()
    return {line.partition("==")[0] for line in lines}


def test_the_image_has_the_release_as_it_was_registered(
    project: Project, engine: EngineDouble
) -> None:
    release = measured(project)
    engine.install("docker")
    said = built(project, engine, "messages/1", "--project", ".")
    assert said.returncode == 0, said.stderr
    image = engine.image("messages:1")
    assert FolderRegistry(root=image / "release").load("messages", 1) == release
    text = (image / "Containerfile").read_text()
    for line in ("USER 10001:10001", "STOPSIGNAL SIGTERM", "EXPOSE 8080"):
        assert f"\n{line}\n" in text
    assert f'llmops.digest="{release.digest}"' in text
    assert "step 29" in said.stderr
    assert said.stdout.startswith("image messages:1 sha256:")
    assert KEY not in "".join(path.read_text() for path in image.rglob("*.json"))


def test_the_same_release_gives_the_same_bytes(project: Project) -> None:
    measured(project)
    first, second = context(project, "a"), context(project, "b")
    files = [path.relative_to(first) for path in first.rglob("*") if path.is_file()]
    assert {str(path) for path in files} > {"Containerfile", "requirements.txt"}
    assert all((first / each).read_bytes() == (second / each).read_bytes() for each in files)
    again = context(project, "a")
    assert {path.relative_to(again) for path in again.rglob("*") if path.is_file()} == {*files}


def test_another_folder_is_not_emptied(project: Project) -> None:
    measured(project)
    kept = project.folder / "mine" / "notes.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    with pytest.raises(ConfigError, match="other files"):
        context(project, "mine")
    assert kept.read_text() == "mine"


def test_only_what_serving_needs_is_installed(project: Project) -> None:
    measured(project)
    few = packages(context(project))
    assert {"aiohttp", "jinja2", "pydantic", "yarl"} <= few
    assert not few & {"promptflow", "pandas", "scipy", "xllamacpp", "llmops", "pytest"}
    assert {"promptflow", "pandas", "scipy"} <= packages(context(project, all_packages=True))


def test_what_the_flow_imports_comes_along(project: Project) -> None:
    code = "from promptflow.core import tool\nimport pandas\nfrom openai.types import chat\n"
    measured(project, more_py=code)
    found = packages(context(project))
    assert {"pandas", "numpy", "openai"} <= found
    assert "promptflow" not in found, "its decorator alone is served without it"


def test_promptflow_comes_along_where_the_flow_uses_it(project: Project) -> None:
    measured(project, more_py="from promptflow.connections import OpenAIConnection\n")
    assert {"promptflow", "promptflow-core"} <= packages(context(project))


def test_what_the_release_has_no_package_for_is_told(project: Project) -> None:
    (project.folder / FLOW / "more.py").write_text("import pytest\nimport nowhere_to_be_found\n")
    lines = f"llmops=={metadata.version('llmops')}"
    release_flow(project.folder, project.folder / FLOW, requirements=lines)
    with pytest.raises(ConfigError, match=r"imports pytest") as told:
        context(project)
    assert "nowhere" not in str(told.value), "an import that may fail is the flow's business"


def test_the_flows_own_requirements_are_installed(project: Project) -> None:
    measured(project, requirements_txt="pyarrow\n")
    text = (context(project) / "Containerfile").read_text()
    assert "COPY release/messages/1/flow/requirements.txt" in text
    assert "--constraint /build/requirements.txt" in text


def test_a_release_of_another_llmops_is_refused(project: Project) -> None:
    release_flow(project.folder, project.folder / FLOW, requirements="llmops==0.0.1")
    with pytest.raises(ConfigError, match=r"measured with llmops 0\.0\.1"):
        context(project)


def test_a_changed_release_is_refused(project: Project, engine: EngineDouble) -> None:
    release = measured(project)
    engine.install("docker")
    file = releases_folder(project.folder) / release.label / "connections.json"
    file.chmod(0o644)
    file.write_text("[]")
    said = built(project, engine, "messages/1")
    assert said.returncode == 5
    assert "connections.json has changed" in said.stderr
    assert not engine.calls("build")


def test_the_wheel_runs(project: Project, tmp_path: Path) -> None:
    measured(project)
    (wheel,) = context(project).glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path / "installed")
    code = "import llmops, importlib.metadata as m; print(llmops.__file__, m.version('llmops'))"
    said = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
    )
    path, version = said.stdout.split()
    assert path.startswith(str(tmp_path / "installed"))
    assert version == metadata.version("llmops")


def test_an_engine_that_cannot_be_used_is_passed_over(
    project: Project, engine: EngineDouble
) -> None:
    measured(project)
    engine.install("docker")
    engine.say("down")
    other = EngineDouble(project.folder / "other")
    other.install("buildah")
    path = f"{engine.bin}{os.pathsep}{other.bin}"
    said = project.llmops("build", "messages/1", PATH=path)
    assert said.returncode == 0, said.stderr
    ((_, _, *words),) = other.calls("build")
    assert words[:2] == ["--format", "docker"]


def test_without_an_engine_each_is_named(project: Project, engine: EngineDouble) -> None:
    measured(project)
    engine.install("docker")
    engine.say("down")
    said = project.llmops("build", "messages/1", PATH=str(engine.bin))
    assert said.returncode == 6
    for words in (DOWN, "podman: not found", "buildah: not found", "install or start docker"):
        assert words in said.stderr


def test_a_failure_ends_with_the_engines_last_lines(project: Project, engine: EngineDouble) -> None:
    measured(project)
    engine.install("podman")
    engine.say("failing")
    said = built(project, engine, "messages/1", "--engine", "podman")
    assert said.returncode == 6
    told = said.stderr.partition("failed with exit code 1")[2]
    assert FAILED in told
    assert "step 29" in told
    assert "step 2\n" not in told


def test_tags_are_built_and_pushed(project: Project, engine: EngineDouble) -> None:
    measured(project)
    engine.install("docker")
    tags = ("--tag", "here:5000/team/messages:1", "--tag", "messages")
    said = built(project, engine, "messages/1", *tags, "--push")
    assert said.returncode == 0, said.stderr
    assert [call[2:] for call in engine.calls("push")] == [[tags[1]], [tags[3]]]
    assert "pushed here:5000/team/messages:1@sha256:" in said.stdout


@pytest.mark.parametrize("tag", ["Messages:1", "-x", "a b", "messages:"])
def test_a_name_that_no_engine_takes_is_refused(
    project: Project, engine: EngineDouble, tag: str
) -> None:
    measured(project)
    engine.install("docker")
    said = built(project, engine, "messages/1", f"--tag={tag}")
    assert said.returncode == 2
    assert "no engine takes it" in said.stderr
    assert not engine.calls("build")


def test_pips_settings_are_given_as_a_secret(project: Project, engine: EngineDouble) -> None:
    measured(project)
    engine.install("docker")
    settings = project.folder / "pip.conf"
    settings.write_text(f"[global]\nindex-url = https://me:{KEY}@here/simple\n")
    said = built(project, engine, "messages/1", "--pip-conf", str(settings))
    assert said.returncode == 0, said.stderr
    ((*_, context_folder),) = engine.calls("build")
    assert f"id=pip.conf,src={settings}" in engine.calls("build")[0]
    assert not os.path.exists(context_folder), "what it was built from is gone"  # noqa: PTH110
    assert KEY not in "".join(map(json.dumps, engine.calls("build")))


def test_the_files_alone_can_be_written(project: Project) -> None:
    release = measured(project)
    said = project.llmops(
        *("build", "messages/1", "--containerfile-only", "-o", "image"),
        *("--base-image", "python:3.11-slim@sha256:0123", "--project", "."),
    )
    assert said.returncode == 0, said.stderr
    assert (
        "\nARG BASE_IMAGE=python:3.11-slim@sha256:0123\n"
        in (project.folder / "image" / "Containerfile").read_text()
    )
    refused = project.llmops("build", release.label, "--containerfile-only")
    assert (refused.returncode, "--output" in refused.stderr) == (2, True)
    assert not ledger.verify(project.folder).breaks
