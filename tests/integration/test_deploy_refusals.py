"""What must not be served, two commands at once, and what died: with real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from approving import ENVIRONMENT, Released
from deploying import address, done, score, served_copy
from rollout_place import A, B, registered_messages

from llmops import ledger
from llmops.canonical import digest
from llmops.pipeline.audit import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sample_project import Project

TRIES = 300
OVERTAKEN = ("somebody has changed it meanwhile", "another command is changing")


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Generator[Released]:
    with registered_messages(tmp_path_factory.mktemp("registered")) as made:
        yield made


@pytest.fixture
def project(registered: Released, tmp_path: Path) -> Iterator[Project]:
    with served_copy(registered, tmp_path / "project") as copy:
        yield copy


def test_told_dry_as_it_then_is_and_mended_after_a_power_cut(project: Project) -> None:
    before = tree(project.folder)
    told = done(project, "deploy", "messages/1", "--dry-run").stdout.splitlines()
    assert tree(project.folder) == before
    did = done(project, "deploy", "messages/1").stdout.splitlines()
    assert [line.removeprefix("would change  ") for line in told[:-1]] == did[3:-1]
    gateway, supervisor = running(project, ".gateway")
    os.kill(supervisor, signal.SIGKILL)
    os.kill(gateway, signal.SIGKILL)
    seen = done(project, "status", "messages", code=6)
    assert "no gateway answers; deploy again" in seen.stderr
    path = ledger.path_of(project.folder)
    path.write_bytes(path.read_bytes()[:-1])
    assert "cut short" in done(project, "deploy", "messages/1", "--dry-run", code=5).stderr
    assert "gateway: starts again" in done(project, "deploy", "messages/1").stdout
    assert score(address(project)) == A
    done(project, "delete", "messages", "--all")
    assert "nothing changed" in done(project, "delete", "messages", "--all").stdout
    done(project, "promote", "messages", code=2)


def test_a_release_that_is_exchanged_while_it_serves_is_not_served(project: Project) -> None:
    done(project, "deploy", "messages/1")
    done(project, "deploy", "messages/2")
    url = address(project)
    exchange(project.folder / "reports/releases/messages")
    os.kill(running(project, f"{B}/1")[0], signal.SIGKILL)
    log = project.folder / f"reports/endpoints/{ENVIRONMENT}/messages/{B}/1/1.log"
    until(lambda: "it is another than was asked for" in log.read_text())
    assert {score(url) for _ in range(12)} == {A}
    assert f"{B}: " in done(project, "status", "messages", code=6).stderr
    done(project, "deploy", "messages/2", code=5)
    done(project, "promote", "messages", code=5)
    done(project, "rollback", "messages", "--reason", "it was exchanged")
    assert [str(each) for each in audit(project.folder).breaks] != []


def test_the_way_back_is_open_while_a_deployment_starts(project: Project) -> None:
    done(project, "deploy", "messages/1")
    done(project, "deploy", "messages/2")
    url = address(project)
    slow = ("--name", "slow", "--set", "probe.path=/nothing")
    with starting(project, "deploy", "messages/2", *slow) as deploying:
        until(lambda: running(project, "slow/1") != (0, 0))
        done(project, "rollback", "messages", "--reason", "it is rude")
        assert {score(url) for _ in range(12)} == {A}
        deploying.send_signal(signal.SIGINT)
        _, said = deploying.communicate(timeout=60)
    assert (deploying.returncode, said) == (
        130,
        "ended early; the same command goes on from here\n",
    )
    done(project, "delete", "messages", "slow")
    done(project, "status", "messages")


def test_of_two_commands_at_once_none_is_lost(project: Project) -> None:
    done(project, "deploy", "messages/1")
    orders = (("messages/2",), ("messages/2",), ("messages/1", "--name", "third"))
    with (
        starting(project, "deploy", *orders[0]) as first,
        starting(project, "deploy", *orders[1]) as same,
        starting(project, "deploy", *orders[2]) as other,
    ):
        said = [each.communicate(timeout=90)[1] for each in (first, same, other)]
    codes = first.returncode, same.returncode, other.returncode
    assert 0 in codes
    for order, code, reason in zip(orders, codes, said, strict=True):
        if code:
            assert code == 6
            assert any(each in reason for each in OVERTAKEN), reason
            done(project, "deploy", *order)
    shown = done(project, "status", "messages").stdout
    assert all(name in shown for name in (A, B, "third"))
    assert audit(project.folder).breaks == ()


@contextmanager
def starting(project: Project, *arguments: str) -> Generator[subprocess.Popen[str]]:
    """Start a verb; it is ended if the test ends before it."""
    with subprocess.Popen(
        project.command(*arguments, "--env", ENVIRONMENT),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def running(project: Project, place: str) -> tuple[int, int]:
    """Return the number of a process of the endpoint and of its supervisor; 0 for none."""
    folder = project.folder / f"reports/endpoints/{ENVIRONMENT}/messages/{place}"
    file = folder / "processes.json"
    number = json.loads(file.read_text())[0]["pid"] if file.exists() else None
    if not number:
        return 0, 0
    status = Path(f"/proc/{number}/status").read_text()
    return number, int(status.partition("PPid:")[2].split()[0])


def exchange(releases: Path) -> None:
    """Put the first release in the place of the second, as if that had been made so."""
    for each in (releases, *releases.rglob("*")):
        each.chmod(0o755)
    shutil.rmtree(releases / "2")
    shutil.copytree(releases / "1", releases / "2")
    file = releases / "2" / "release.json"
    content = {**json.loads(file.read_text()), "number": 2}
    del content["digest"]
    content["digest"] = digest(content)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def until(holds: Callable[[], bool]) -> None:
    for _ in range(TRIES):
        if holds():
            return
        Event().wait(0.1)
    assert holds()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
