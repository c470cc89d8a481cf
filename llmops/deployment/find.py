"""Finds the file that states how an experiment is served in an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops import yaml
from llmops.deployment.stated import Stated
from llmops.deployment.template import read_template, template_in
from llmops.errors import ConfigError, Fault
from llmops.experiment.layers import name_of, read_layers
from llmops.experiment.opening import label_of
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def experiment_folder(project: Path, experiment: str) -> Path:
    """Return the folder of an experiment, known by the folder's name or the file's `name`.

    Raises:
        ConfigError: when there is none.
    """
    folder = project / "experiments" / experiment
    if folder.is_dir():
        return folder
    files = sorted((project / "experiments").glob("*/experiment.yaml"))
    for file in files:
        if name_of(yaml.read(file, label_of(file, project))) == experiment:
            return file.parent
    known = [file.parent.name for file in files]
    fault = Fault(
        where=f"experiments/{experiment}",
        seen="no such experiment",
        allowed=f"allowed: {', '.join(known)}" if known else "there is no experiments/ here",
        next_step=nearest(experiment, known),
    )
    raise ConfigError([fault])


def overlays_in(folder: Path) -> Mapping[str, Path]:
    """Return the overlays of an experiment's `deployment.yaml` by environment."""
    return {
        file.name.removeprefix("deployment.").removesuffix(".yaml"): file
        for file in sorted(folder.glob("deployment.*.yaml"))
    }


def find_stated(folder: Path, project: Path, environment: str, kind: str) -> Stated:
    """Return what `deployment.yaml` and its overlay state, or else the template's file.

    `kind` is the target's that the command line states, empty where it does not.

    Raises:
        ConfigError: when there is no file for the environment, or it cannot be read.
    """
    base, template = folder / "deployment.yaml", template_in(folder)
    overlay = folder / f"deployment.{environment}.yaml"
    files = [file for file in (base, overlay) if file.exists()]
    if not files and template:
        return read_template(template, project, environment, kind)
    overlays = [*overlays_in(folder)]
    if not files:
        raise ConfigError([_missing(label_of(base, project), environment, overlays)])
    labels = [label_of(file, project) for file in files]
    notes: list[str] = []
    if template:
        notes.append(f"{label_of(template, project)} is not read: there is {labels[0]}")
    if environment not in overlays and (hint := nearest(environment, overlays)):
        notes.append(f"no deployment.{environment}.yaml, so {labels[0]} alone is read; {hint}")
    layers = read_layers(list(zip(files, labels, strict=True)), ())
    return Stated(layers=layers, label=labels[-1], notes=tuple(notes))


def _missing(label: str, environment: str, overlays: list[str]) -> Fault:
    if overlays:
        return Fault(
            where=label,
            seen=f"no such file, so there is no environment {environment!r}",
            allowed=f"allowed: {', '.join(overlays)}",
            next_step=nearest(environment, overlays) or f"or write deployment.{environment}.yaml",
        )
    return Fault(
        where=label,
        seen="no such file, so nothing says how to serve this experiment",
        next_step="write it; to serve on this machine one line is enough: target: {kind: local}",
    )
