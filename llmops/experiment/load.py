"""From a path to an experiment that is ready to run, or to every fault that it has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from llmops.errors import ConfigError, Fault
from llmops.experiment.analysis import analysis_of
from llmops.experiment.assemble import Assembler
from llmops.experiment.check import check_connections, check_money, check_name, check_unique
from llmops.experiment.check_analysis import check_analysis, check_racing
from llmops.experiment.configurations import find_configurations
from llmops.experiment.environment import expand, read_variables
from llmops.experiment.experiment import Experiment, outputs_by_name
from llmops.experiment.layers import read_layers
from llmops.experiment.model import ExperimentFile
from llmops.experiment.opening import Opener, find_project, label_of
from llmops.experiment.parameters import chosen_connections
from llmops.experiment.validate import validate
from llmops.nearest import nearest
from llmops.redaction import MASK, Redactor

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from llmops.domain.flow import FlowInterface
    from llmops.experiment.environment import Undefined
    from llmops.experiment.experiment import Evaluator
    from llmops.experiment.layers import Layers, Raw


def load(
    path: Path,
    *,
    env: str | None = None,
    overrides: Sequence[str] = (),
    project: Path | None = None,
) -> Experiment:
    """Read an experiment's folder or file, with the overlay of `env` and `a.b=value` overrides.

    Raises:
        ConfigError: with every fault that can be known before a call is paid.
    """
    file = (path / "experiment.yaml" if path.is_dir() else path).resolve()
    project = project.resolve() if project else find_project(file.parent)
    files = (file, _overlay(file, env, project)) if env else (file,)
    layers = read_layers([(each, label_of(each, project)) for each in files], overrides)
    raw, undefined = expand(layers.merged, read_variables(project))
    settings, misfits = validate(raw, layers, ExperimentFile)
    unset = {each.path for each in undefined}
    faults = [misfit.fault for misfit in misfits if misfit.path not in unset]
    source = _Source(files=files, project=project, layers=layers, raw=raw, undefined=undefined)
    if settings is None:
        used = layers.names("connections")
        raise ConfigError([*faults, *_undefined_faults(source, used)])
    return _experiment(settings, source, faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What the fields were read from."""

    files: tuple[Path, ...]
    project: Path
    layers: Layers
    raw: Raw
    undefined: tuple[Undefined, ...]


def _experiment(settings: ExperimentFile, source: _Source, faults: list[Fault]) -> Experiment:
    layers = source.layers
    opener = Opener(folder=source.files[0].parent, project=source.project, faults=faults)
    found = opener.flow(settings.flow or settings.name, layers.where("flow"))
    interface = found[0].interface() if found else None
    assembler = Assembler(opener=opener, layers=layers, flow=interface)
    datasets = assembler.datasets(settings.datasets)
    evaluators = assembler.evaluators(settings.evaluators, datasets)
    faults.extend(check_name(settings.name, layers.where("name")))
    faults.extend(_connection_faults(settings, source, interface, evaluators))
    incomplete = {each.path[1] for each in source.undefined if each.path[0] == "connections"}
    connections = tuple(
        opener.connection(each, layers.where("connections", each.name))
        for each in settings.connections
        if each.name not in incomplete
    )
    configurations = find_configurations(settings, interface, layers, faults) if interface else ()
    faults.extend(check_money(settings, layers.where("budget", "money")))
    columns = {name: used.dataset.columns() for name, used in datasets.items()}
    faults.extend(check_analysis(settings, layers, columns, interface))
    if len(evaluators) == len(settings.evaluators):
        where = layers.where("objective", "metric")
        faults.extend(check_racing(settings, outputs_by_name(evaluators), where))
    if faults or found is None:
        raise ConfigError(faults)
    secrets = tuple(secret for each in settings.connections for secret in each.secrets)
    stated = _redacted(layers.merged, secrets)
    return Experiment(
        name=settings.name,
        folder=opener.folder,
        project=source.project,
        files=source.files,
        flow=found[0],
        flow_path=found[1],
        flow_entry=settings.flow.partition(".py:")[2],
        connections=connections,
        datasets=tuple(datasets.values()),
        evaluators=evaluators,
        configurations=configurations,
        repeats=settings.repeats,
        analysis=analysis_of(settings),
        executor=settings.executor,
        budget=settings.budget,
        prices={model: each.price() for model, each in settings.prices.items()},
        currency=settings.currency,
        raw=_redacted(source.raw, secrets),
        stated_connections=cast("list[object]", stated.get("connections", [])),
        secrets=secrets,
    )


def _connection_faults(
    settings: ExperimentFile,
    source: _Source,
    interface: FlowInterface | None,
    evaluators: Sequence[Evaluator],
) -> Iterator[Fault]:
    """Yield what is wrong with connections, and every variable without a value."""
    names, where = source.layers.names("connections"), source.layers.where("connections")
    used_by = {each.name: each.flow.interface().connections for each in evaluators}
    if interface:
        chosen = chosen_connections(settings.parameters)
        used_by[settings.name] = interface.connections | chosen
    yield from check_unique(names, where)
    yield from check_connections(used_by, names, where)
    all_loaded = interface is not None and len(evaluators) == len(settings.evaluators)
    used = frozenset[str]().union(*used_by.values()) if all_loaded else frozenset(names)
    yield from _undefined_faults(source, used)


def _undefined_faults(source: _Source, used: Collection[str]) -> Iterator[Fault]:
    """Yield the variables without a value, but for those of connections that nothing uses."""
    for each in source.undefined:
        if each.path[0] != "connections" or each.path[1] in used:
            yield each.fault(source.layers)


def _overlay(file: Path, env: str, project: Path) -> Path:
    overlay = file.with_name(f"{file.stem}.{env}.yaml")
    if overlay.exists() or not file.exists():
        return overlay
    envs = sorted(
        each.name.removeprefix(f"{file.stem}.").removesuffix(".yaml")
        for each in file.parent.glob(f"{file.stem}.*.yaml")
    )
    fault = Fault(
        where=label_of(overlay, project),
        seen=f"no such file, so there is no environment {env!r}",
        allowed=f"allowed: {', '.join(envs)}" if envs else "this experiment has none",
        next_step=nearest(env, envs),
    )
    raise ConfigError([fault])


def _redacted(raw: Raw, secrets: Sequence[str]) -> Raw:
    """Return the mapping without secrets; a connection's even where they are short."""

    def masked(value: object) -> object:
        if isinstance(value, dict):
            return {key: masked(each) for key, each in cast("Raw", value).items()}
        if isinstance(value, list):
            return [masked(each) for each in cast("list[object]", value)]
        return MASK if value in secrets else value

    hidden = {**raw, "connections": masked(raw.get("connections", []))}
    return cast("Raw", json.loads(Redactor(secrets)(json.dumps(hidden, default=str))))
