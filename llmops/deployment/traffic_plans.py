"""The traffic plans of an experiment: what a reviewer reads, and an approval signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.deployment.find import overlays_in
from llmops.deployment.metrics import known_metrics
from llmops.deployment.traffic import TrafficSection
from llmops.errors import ConfigError, Fault
from llmops.experiment.environment import expand
from llmops.experiment.layers import read_layers
from llmops.experiment.opening import label_of
from llmops.experiment.section import Section
from llmops.experiment.validate import validate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmops.deployment.metrics import KnownMetrics
    from llmops.domain.deployment import TrafficPlan


class _TrafficAlone(Section):
    """The one section of a deployment file that is read."""

    traffic: TrafficSection = TrafficSection()


def traffic_plans(folder: Path, project: Path) -> Mapping[str, TrafficPlan]:
    """Return the plan of each environment that has an overlay; empty: of every other.

    Nothing is there without `deployment.yaml` and overlays. Only their section `traffic:` is read,
    and variables in it are faults: what is signed stands in the files.

    Raises:
        ConfigError: with every fault of the section, in any file.
    """
    base = folder / "deployment.yaml"
    below = [base] if base.exists() else []
    stated = {"": below} if below else {}
    stated |= {name: [*below, overlay] for name, overlay in overlays_in(folder).items()}
    if not stated:
        return {}
    metrics = known_metrics(folder, project)
    plans: dict[str, TrafficPlan] = {}
    faults: list[Fault] = []
    for environment, files in stated.items():
        try:
            plans[environment] = _plan(files, project, metrics)
        except ConfigError as error:
            faults.extend(error.faults)
    if faults:
        raise ConfigError([*dict.fromkeys(faults)])
    return plans


def _plan(files: Sequence[Path], project: Path, metrics: KnownMetrics) -> TrafficPlan:
    layers = read_layers([(file, label_of(file, project)) for file in files], ())
    stated = {key: value for key, value in layers.merged.items() if key == "traffic"}
    _, variables = expand(stated, {})
    faults = [
        Fault(
            where=layers.where(*each.path),
            seen=f"it names the variable {each.variable}",
            allowed="allowed: what stands in the file, as approvals sign it",
        )
        for each in variables
    ]
    named = {each.path for each in variables}
    alone, misfits = validate(stated, layers, _TrafficAlone)
    faults.extend(misfit.fault for misfit in misfits if misfit.path not in named)
    if alone and not variables:
        faults.extend(metrics.faults(alone.traffic, layers))
    if faults or not alone:
        raise ConfigError(faults)
    return alone.traffic.plan(metrics.direction)
