"""A real image: built, looked into, and asked, where buildah and a base image are there.

    LLMOPS_TEST_BASE_IMAGE=localhost/python:3.11 pytest tests/integration/test_container_build.py

`LLMOPS_TEST_PIP_CONF` names pip's settings, where it needs any. Without a container runtime, set
BUILDAH_ISOLATION=chroot and STORAGE_DRIVER=vfs. The image stays: it is the next build's cache.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from importlib import metadata
from typing import TYPE_CHECKING, Any, cast

import pytest
from sample_project import KEY
from served_release import release_flow

from llmops.requirements import requirements
from llmops.targets.local.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Generator

    from sample_project import Project

BASE = os.environ.get("LLMOPS_TEST_BASE_IMAGE", "")
PIP_CONF = os.environ.get("LLMOPS_TEST_PIP_CONF", "")
TAG = "localhost/llmops-test-messages:1"
REQUESTS = 200

pytestmark = [
    pytest.mark.skipif(not shutil.which("buildah"), reason="buildah is not on PATH"),
    pytest.mark.skipif(not BASE, reason="LLMOPS_TEST_BASE_IMAGE names no base image"),
    pytest.mark.timeout(900),
]


def buildah(*words: str) -> str:
    said = subprocess.run(
        ["buildah", *words], capture_output=True, text=True, check=True, timeout=300
    )
    return said.stdout.strip()


@contextmanager
def container(image: str) -> Generator[str]:
    name = buildah("from", image)
    try:
        yield name
    finally:
        buildah("rm", name)


@contextmanager
def served(name: str, command: list[str], project: Project) -> Generator[HTTPConnection]:
    """Run the image's own command on a port of this machine; it ends by SIGTERM."""
    port = str(free_port("127.0.0.1"))
    variables = [f"--env={each}={value}" for each, value in project.variables.items()]
    with subprocess.Popen(
        ["buildah", "run", *variables, name, "--", *command, "--port", port],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            assert process.stdout.readline(), process.communicate()[1]
            with closing(HTTPConnection("127.0.0.1", int(port), timeout=60)) as connection:
                yield connection
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


def test_an_image_is_built_and_answers(project: Project) -> None:
    pins = {each.name: each.version for each in metadata.distributions()}
    flow = project.folder / "flows" / "classify_messages"
    release = release_flow(project.folder, flow, requirements="\n".join(requirements(pins)))
    settings = ("--pip-conf", PIP_CONF) if PIP_CONF else ()
    built = subprocess.run(
        project.command(
            *("build", release.label, "--engine", "buildah", "--base-image", BASE),
            *("--tag", TAG, *settings),
        ),
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    assert built.returncode == 0, built.stderr
    image = built.stdout.split()[-1].removeprefix("sha256:")
    about = cast("dict[str, Any]", json.loads(buildah("inspect", "--type", "image", image)))
    config = about["Docker"]["config"]
    assert (config["User"], config["StopSignal"]) == ("10001:10001", "SIGTERM")
    assert config["Labels"]["llmops.digest"] == release.digest
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert KEY not in json.dumps(about)
    with container(image) as name:
        place = f"/release/{release.label}"
        find = ("find", place, "/opt/llmops", "-writable", "-not", "-type", "l")
        assert not buildah("run", name, "--", *find), "its user can change nothing of it"
        with served(name, config["Entrypoint"], project) as connection:
            for number in range(REQUESTS):
                body = json.dumps({"text": f"message {number}"})
                connection.request("POST", "/score", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                assert answer.status == 200, answer.read()
                assert "label" in json.loads(answer.read())
            connection.request("GET", "/version")
            assert json.loads(connection.getresponse().read())["digest"] == release.digest
        logs = buildah("run", name, "--", "sh", "-c", "cat /var/log/llmops/*.jsonl")
    assert len(logs.splitlines()) == REQUESTS
    assert KEY not in logs
