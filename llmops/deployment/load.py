"""From an experiment and an environment to a deployment file, or to every fault that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llmops.deployment.check import (
    check_endpoint,
    check_routing,
    check_target,
    check_variables,
    kind_of,
)
from llmops.deployment.deployment_file import DeploymentFile
from llmops.deployment.find import experiment_folder, find_stated
from llmops.deployment.metrics import known_metrics
from llmops.deployment.model import DeploymentSettings
from llmops.deployment.names import ENVIRONMENT, label_from
from llmops.errors import ConfigError, Fault
from llmops.experiment.environment import expand, read_variables
from llmops.experiment.layers import Layers, apply_overrides, merge, merge_layers
from llmops.experiment.validate import validate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmops.experiment.layers import Raw


def load_deployment(
    project: Path, experiment: str, environment: str, *, overrides: Sequence[str] = ()
) -> DeploymentFile:
    """Read how an experiment is served in an environment, with `a.b=value` overrides.

    `experiment` is its name or its folder's in `experiments/`.

    Raises:
        ConfigError: with every fault of the file.
    """
    _require_environment(environment)
    folder = experiment_folder(project, experiment)
    asked = _target(apply_overrides(merge_layers([]), overrides).sources)
    stated = find_stated(folder, project, environment, kind_of(asked))
    layers = _with_one_target(apply_overrides(stated.layers, overrides))
    settings, faults = _settings(layers, read_variables(project))
    faults = [*stated.faults, *faults, *check_target(stated, layers)]
    metrics = known_metrics(folder, project)
    if settings:
        faults.extend(metrics.faults(settings.traffic, layers))
        faults.extend(check_variables(settings, layers))
        faults.extend(check_endpoint(settings.endpoint, experiment, layers))
        faults.extend(check_routing(settings, layers))
    if faults or not settings:
        raise ConfigError(faults)
    return DeploymentFile(
        label=stated.label,
        environment=environment,
        endpoint=settings.endpoint or label_from(experiment),
        traffic=settings.traffic.plan(metrics.direction),
        settings=settings,
        name=stated.name,
        stated_split=stated.split,
        notes=stated.notes,
    )


def _require_environment(environment: str) -> None:
    try:
        ENVIRONMENT.check(environment)
    except ValueError as error:
        raise ConfigError([Fault(where="the environment", seen=str(error))]) from None


def _settings(
    layers: Layers, variables: Mapping[str, str]
) -> tuple[DeploymentSettings | None, list[Fault]]:
    """Return the fields and every misfit. `secrets` are not filled in: they name a place."""
    raw, undefined = expand(layers.merged, variables)
    if "secrets" in raw:
        raw["secrets"] = layers.merged["secrets"]
    undefined = tuple(each for each in undefined if each.path[0] != "secrets")
    unset = {each.path for each in undefined}
    settings, misfits = validate(raw, layers, DeploymentSettings)
    faults = [misfit.fault for misfit in misfits if misfit.path not in unset]
    return settings, [*faults, *(each.fault(layers) for each in undefined)]


def _with_one_target(layers: Layers) -> Layers:
    """Merge `target:` anew: a layer with another kind replaces it, as no key fits both."""
    target = _target(layers.sources)
    rest = {key: value for key, value in layers.merged.items() if key != "target"}
    merged = rest if target is None else {**rest, "target": target}
    return Layers(merged=merged, sources=layers.sources)


def _target(sources: Sequence[tuple[str, Raw]]) -> object:
    target: object = None
    for stated in (layer["target"] for _, layer in sources if "target" in layer):
        kept = target if kind_of(stated) in ("", kind_of(target)) else None
        if isinstance(stated, dict):
            target = merge(cast("Raw", kept) if isinstance(kept, dict) else {}, cast("Raw", stated))
        else:
            target = stated
    return target
