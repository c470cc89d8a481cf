"""From two releases to A/B and back by command, with real processes behind a real gateway."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from approving import ENVIRONMENT, Released
from deploying import address, done, processes_of, score, served_copy
from rollout_place import A, B, registered_messages

from llmops import ledger
from llmops.domain.endpoint_history import history
from llmops.pipeline.audit import audit

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from sample_project import Project

MOMENTS = random.Random(4)  # noqa: S311  when to kill, no keys
PROCESSES = 6
"""The gateway and two deployments, each with its supervisor."""


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Generator[Released]:
    with registered_messages(tmp_path_factory.mktemp("registered")) as made:
        yield made


@pytest.fixture
def project(registered: Released, tmp_path: Path) -> Iterator[Project]:
    with served_copy(registered, tmp_path / "project") as copy:
        yield copy


def test_from_two_releases_to_a_b_and_back(project: Project) -> None:
    done(project, "deploy", "messages/1")
    url = address(project)
    assert {score(url) for _ in range(3)} == {A}
    shown = done(project, "deploy", "messages/2", "--dry-run").stdout
    assert f"would change  {A}: traffic 100 % -> 90 %" in shown
    done(project, "deploy", "messages/2")
    assert Counter(score(url) for _ in range(20)) == {A: 18, B: 2}
    done(project, "traffic", "messages", f"{A}=50", f"{B}=50")
    assert Counter(score(url) for _ in range(10)) == {A: 5, B: 5}
    done(project, "promote", "messages")
    assert {score(url) for _ in range(3)} == {B}
    done(project, "rollback", "messages", "--reason", "it is rude")
    assert {score(url) for _ in range(3)} == {A}
    done(project, "delete", "messages", B)
    assert B not in done(project, "status", "messages").stdout
    verified = audit(project.folder)
    assert verified.breaks == ()
    kinds = [each.kind for each in verified.records if each.kind in ("traffic", "rollback")]
    assert kinds == [*["traffic"] * 6, "rollback", "traffic"]
    assert ledger.verify(project.folder).records[-2].body["reason"] == "it is rude"


def test_killed_again_and_again_the_same_command_comes_to_the_same_end(project: Project) -> None:
    done(project, "deploy", "messages/1")
    url = address(project)
    command = project.command("deploy", "messages/2", "--env", ENVIRONMENT)
    for lines in (0, 0, 1, 1, 2, 3):
        with subprocess.Popen(
            command,
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as deploying:
            assert deploying.stdout
            for _ in range(lines):
                deploying.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                deploying.wait(timeout=MOMENTS.uniform(0, 1))
            deploying.kill()
        assert score(url) in (A, B)
    done(project, "deploy", "messages/2")
    assert "nothing changed" in done(project, "deploy", "messages/2").stdout
    assert Counter(score(url) for _ in range(20)) == {A: 18, B: 2}
    done(project, "status", "messages")
    assert audit(project.folder).breaks == ()
    changes = history(ledger.verify(project.folder).records, f"{ENVIRONMENT}/messages")
    assert [dict(each.change.routing.percent) for each in changes] == [
        {A: 0},
        {A: 100},
        {A: 100, B: 0},
        {A: 90, B: 10},
    ]
    assert len(processes_of(project)) == PROCESSES
    done(project, "delete", "messages", "--all")
    assert processes_of(project) == []
