"""What a run states about itself before it starts: identities, digests and versions."""

from __future__ import annotations

import getpass
import json
import os
import platform
import secrets
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.deployment import TrafficPlan
    from llmops.domain.run import Trial
    from llmops.experiment import Experiment

FORMAT = 1
IDENTITIES = ("analysis", "flow", "evaluators", "datasets", "connections", "trials")
"""The parts of a manifest that must be the same for a run to be continued."""


def new_run_id() -> str:
    """Return a name that sorts by time and does not collide: `20261121-070501-3f2a`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def manifest(
    experiment: Experiment,
    trials: Sequence[Trial],
    *,
    run_id: str,
    limit: int | None,
    command: Sequence[str],
    traffic_plans: Mapping[str, TrafficPlan],
) -> dict[str, object]:
    """Return everything that identifies the run, and how its winner would go live.

    `limit` is the lines of each dataset, None all. `traffic_plans` are by environment.
    """
    return {
        "format": FORMAT,
        "run_id": run_id,
        "experiment": experiment.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "files": [_beside(path, experiment.project) for path in experiment.files],
        "configuration": experiment.raw,
        "baseline": experiment.baseline.id,
        "author": author(experiment.project),
        "analysis": asdict(experiment.analysis),
        "traffic_plans": {name: asdict(plan) for name, plan in traffic_plans.items()},
        "stated_connections": experiment.stated_connections,
        "currency": experiment.currency,
        **_identities(experiment, trials, limit),
        "prompts": _prompts(experiment, trials),
        "code": _code(experiment.project),
        "packages": _packages(),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def author(project: Path) -> str:
    """Return who makes a run: as the CI names the person, else git, else the account."""
    for variable in ("BUILD_REQUESTEDFOREMAIL", "GITHUB_ACTOR"):
        if name := os.environ.get(variable):
            return name
    try:
        return _git(project, "config", "user.email")
    except (OSError, subprocess.CalledProcessError):
        return _account()


def _account() -> str:
    """Return the name of the account; empty where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def require_same(recorded: Mapping[str, object], current: Mapping[str, object]) -> None:
    """Refuse to continue a run whose flows, data, connections or trials are others now.

    Raises:
        ConfigError: naming each part that differs.
    """
    faults = [
        Fault(
            where=f"run {recorded['run_id']}",
            seen=f"it was started with other {part}",
            allowed="a run continues only with what it started with",
            next_step="restore them, or start a new run without --resume",
        )
        for part in IDENTITIES
        if recorded.get(part) != json.loads(json.dumps(current[part]))
    ]
    if faults:
        raise ConfigError(faults)


def _identities(
    experiment: Experiment, trials: Sequence[Trial], limit: int | None
) -> dict[str, object]:
    project = experiment.project
    return {
        "flow": {
            "path": _beside(experiment.flow_path, project),
            "entry": experiment.flow_entry,
            "digest": experiment.flow.digest(),
        },
        "evaluators": [
            {
                "name": evaluator.name,
                "path": _beside(evaluator.flow_path, project),
                "digest": evaluator.flow.digest(),
                "outputs": list(evaluator.flow.interface().outputs),
                "repeats": evaluator.repeats,
            }
            for evaluator in experiment.evaluators
        ],
        "datasets": [
            {
                "name": used.name,
                "source": _beside(used.dataset.path, project),
                "sha256": used.dataset.digest(),
                "lines": used.count(limit),
            }
            for used in experiment.datasets
        ],
        "connections": [
            {"name": connection.name, "identity": connection.identity}
            for connection in experiment.used_connections
        ],
        "trials": [
            {
                "id": trial.id,
                "configuration": trial.configuration.id,
                "label": trial.configuration.label,
                "variants": dict(trial.configuration.variants),
                "parameters": dict(trial.configuration.parameters),
                "dataset": trial.dataset,
                "repeat": trial.repeat,
            }
            for trial in trials
        ],
    }


def _prompts(experiment: Experiment, trials: Sequence[Trial]) -> dict[str, dict[str, str]]:
    """Return the templates of the flow's model calls: by node, then by configuration id."""
    prompts: dict[str, dict[str, str]] = {}
    for configuration in {trial.configuration.id: trial.configuration for trial in trials}.values():
        for call in experiment.flow.calls(configuration):
            prompts.setdefault(call.node, {})[configuration.id] = call.prompt
    return prompts


def _beside(path: Path, project: Path) -> str:
    """Return the path from the project, so that evidence is the same on every machine."""
    try:
        return path.resolve().relative_to(project.resolve()).as_posix()
    except ValueError:
        return path.name


def _packages() -> dict[str, str]:
    """Return the installed distributions by their folders' names; reading metadata is slow."""
    folders = (path for entry in sys.path for path in Path(entry or ".").glob("*.dist-info"))
    pairs = (folder.name.removesuffix(".dist-info").partition("-") for folder in folders)
    return {name: version for name, _, version in sorted(pairs)}


def _code(project: Path) -> dict[str, object]:
    """Return the commit of the project, and whether files differ from it; empty without git."""
    try:
        commit = _git(project, "rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git(project, "status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return {}


def _git(project: Path, *arguments: str) -> str:
    command = ["git", "-C", str(project), *arguments]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return answer.stdout.strip()
