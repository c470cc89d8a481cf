"""The traffic plan from `deployment.yaml` into the evidence of a run, and what reviewers see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llmops.deployment import traffic_plans
from llmops.errors import ConfigError
from llmops.store import RunReader, bundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sample_project import Project

    from llmops.domain.deployment import TrafficPlan

EXPERIMENT = """\
name: travel
objective: {metric: quality.correct}
guardrails:
- {metric: quality.words, direction: minimize}
evaluators:
- {name: quality, datasets: []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an experiment that says nothing yet of how it is served."""
    folder = tmp_path / "experiments" / "travel"
    folder.mkdir(parents=True)
    (folder / "experiment.yaml").write_text(EXPERIMENT)
    return folder


def plans(folder: Path) -> Mapping[str, TrafficPlan]:
    return traffic_plans(folder, folder.parents[1])


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        plans(folder)
    return str(caught.value).splitlines()


def test_without_a_file_nothing_is_stated(folder: Path) -> None:
    (folder / "deployment_config.json").write_text("{}")
    assert plans(folder) == {}


def test_overlays_lie_over_the_file_and_stand_beside_it(folder: Path) -> None:
    (folder / "deployment.yaml").write_text("traffic: {steps: [5, 100], bake_requests: 7}\n")
    (folder / "deployment.production.yaml").write_text("traffic: {steps: [1, 10, 100]}\n")
    stated = plans(folder)
    assert {name: plan.steps for name, plan in stated.items()} == {
        "": (5, 100),
        "production": (1, 10, 100),
    }
    assert stated["production"].bake_requests == 7


def test_an_overlay_alone_is_for_its_environment_only(folder: Path) -> None:
    (folder / "deployment.production.yaml").write_text("target: {kind: local}\n")
    assert [*plans(folder)] == ["production"]


def test_what_is_worse_is_as_the_experiment_says(folder: Path) -> None:
    (folder / "deployment.yaml").write_text(
        "traffic: {rollback_when: [{metric: quality.words, drop: 1}]}\n"
    )
    assert plans(folder)[""].rollback_when[0].direction == "minimize"


def test_nothing_but_the_section_is_read(folder: Path) -> None:
    (folder / "deployment.yaml").write_text(
        "target: {kind: nowhere, token: '${NOT_SET_ANYWHERE}'}\n"
        "secrets: {KEY: '${NOT_SET_ANYWHERE}'}\n"
        "traffic: {steps: [100]}\n"
    )
    assert plans(folder)[""].steps == (100,)


def test_every_fault_is_told_once(folder: Path) -> None:
    (folder / "deployment.yaml").write_text(
        "traffic: {steps: [50, 10], must_hold: [{metric: error_rte, at_most: 0.1}]}\n"
    )
    (folder / "deployment.dev.yaml").write_text("traffic: {bake_minuts: 5}\n")
    (folder / "deployment.prod.yaml").write_text("traffic: {steps: [10], bake_minutes: -1}\n")
    told = [
        fault.removeprefix("experiments/travel/deployment").split(";")[0]
        for fault in faults(folder)
    ]
    assert told == [
        ".yaml: traffic: steps 50, 10",
        ".dev.yaml: traffic.bake_minuts: unknown key",
        ".prod.yaml: traffic.bake_minutes: -1",
        ".yaml: traffic.must_hold[0].metric: nothing measures 'error_rte'",
    ]


def test_a_variable_cannot_be_signed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPS", "100")
    (folder / "deployment.yaml").write_text("traffic: {bake_minutes: '${STEPS}'}\n")
    (fault,) = faults(folder)
    assert fault.startswith("experiments/travel/deployment.yaml: traffic.bake_minutes: it names")
    assert "the variable STEPS; allowed: what stands in the file" in fault


def test_a_run_keeps_the_plan_that_was_stated_when_it_started(project: Project) -> None:
    file = project.folder / "experiments" / "messages" / "deployment.yaml"
    file.write_text(
        "traffic: {steps: [5, 100], must_hold: [{metric: error_rate, at_most: 0.02}]}\n"
    )
    done = project.llmops("run", "experiments/messages", "--limit", "2")
    assert done.returncode == 0, done.stderr
    (run,) = project.runs
    approved = bundle(run).digest
    file.write_text("traffic: {steps: [100]}\n")
    again = project.llmops("report", f"messages/{run.name}")
    assert again.returncode == 0, again.stderr
    assert bundle(run).digest == approved
    assert RunReader(run).traffic_plans[""].steps == (5, 100)
    assert json.loads((run / "report.json").read_text())["traffic_plans"][""]["steps"] == [5, 100]
    summary = (run / "summary.md").read_text()
    assert "**How it would go live**: 5 % → 100 %, at least 60 minutes and 200 requests" in summary
    page = (run / "report.html").read_text()
    assert "How it would go live</h2>" in page
    assert "before each next step: error rate at most 2\N{NO-BREAK SPACE}%" in page


def test_a_run_without_a_deployment_file_says_nothing_of_it(project: Project) -> None:
    assert project.llmops("run", "experiments/messages", "--limit", "2").returncode == 0
    (run,) = project.runs
    assert RunReader(run).traffic_plans == {}
    for name in ("report.html", "summary.md"):
        assert "go live" not in (run / name).read_text()


@pytest.mark.parametrize("command", ["run", "plan"])
def test_its_faults_are_told_with_those_of_the_experiment(project: Project, command: str) -> None:
    folder = project.folder / "experiments" / "messages"
    (folder / "deployment.yaml").write_text("traffic: {steps: []}\n")
    alone = project.llmops(command, "experiments/messages")
    assert alone.returncode == 2
    assert "experiments/messages/deployment.yaml: traffic.steps: an empty list" in alone.stderr
    both = project.llmops(command, "experiments/messages", "--set", "repeats=none")
    assert both.returncode == 2
    assert "--set: repeats" in both.stderr
    assert "experiments/messages/deployment.yaml: traffic.steps: an empty list" in both.stderr
    assert project.runs == []
