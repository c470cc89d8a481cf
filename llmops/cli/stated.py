"""Reads what a run is to be: its experiment, and how the winner would go live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmops.domain.deployment import TrafficPlan
    from llmops.experiment import Experiment


def load_stated(
    path: Path, env: str | None, overrides: Sequence[str]
) -> tuple[Experiment, Mapping[str, TrafficPlan]]:
    """Return the experiment and its traffic plans by environment.

    Raises:
        ConfigError: with every fault of both.
    """
    from llmops.deployment import traffic_plans
    from llmops.experiment import load
    from llmops.experiment.opening import find_project

    folder = (path if path.is_dir() else path.parent).resolve()
    plans: Mapping[str, TrafficPlan] = {}
    faults: list[Fault] = []
    try:
        plans = traffic_plans(folder, find_project(folder))
    except ConfigError as error:
        faults.extend(error.faults)
    try:
        experiment = load(path, env=env, overrides=overrides)
    except ConfigError as error:
        raise ConfigError([*dict.fromkeys([*error.faults, *faults])]) from None
    if faults:
        raise ConfigError(faults)
    return experiment, plans
