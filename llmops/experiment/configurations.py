"""Which configurations an experiment compares: combinations of variants times parameters."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from llmops.domain.configuration import Configuration
from llmops.errors import ConfigError, Fault
from llmops.experiment.check import check_choice, check_combinations, check_parameters
from llmops.experiment.parameters import values_of
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from llmops.domain.flow import FlowInterface, NodeVariants
    from llmops.experiment.layers import Layers
    from llmops.experiment.model import Combinations, ExperimentFile


def find_configurations(
    settings: ExperimentFile, flow: FlowInterface, layers: Layers, faults: list[Fault]
) -> tuple[Configuration, ...]:
    """Return what the settings ask for, the baseline first; what is wrong goes to `faults`."""
    where = layers.where("combinations")
    parameters = settings.parameters
    found = [
        *check_parameters(parameters, flow, layers.where("parameters")),
        *check_combinations(settings.combinations, flow, parameters, where),
    ]
    if isinstance(settings.baseline, dict):
        at = layers.where("baseline")
        found.extend(check_choice(settings.baseline, flow, parameters, at))
    faults.extend(found)
    if found:
        return ()
    among = combine(flow, settings.combinations, parameters)
    if not among:
        faults.append(Fault(where=where, seen="include and exclude leave no combination"))
        return ()
    wanted = settings.baseline
    baseline = choose_baseline(
        among,
        default_configuration(flow, parameters),
        parse_pairs(wanted) if isinstance(wanted, str) else wanted_pairs(wanted),
    )
    if baseline is None:
        labels = [each.label for each in among]
        shown = ", ".join(map(repr, labels[:5])) + (", ..." if len(labels) > 5 else "")
        faults.append(
            Fault(
                where=layers.where("baseline"),
                seen=f"{wanted!r} is not among the {len(among)} combinations",
                allowed=f"allowed: {shown}",
                next_step=nearest(str(wanted), labels),
            )
        )
        return ()
    return (baseline, *(each for each in among if each.id != baseline.id))


def combine(
    interface: FlowInterface, combinations: Combinations, parameters: Mapping[str, object]
) -> list[Configuration]:
    """Return the configurations in file order, each once."""
    names = list(parameters)
    grid = list(itertools.product(*(values_of(value) for value in parameters.values())))
    include = [wanted_pairs(each) for each in combinations.include]
    exclude = [wanted_pairs(each) for each in combinations.exclude]
    found: dict[str, Configuration] = {}
    for choice in _choices(interface.variants, combinations):
        for values in grid:
            each = Configuration(variants=choice, parameters=dict(zip(names, values, strict=True)))
            has = pairs(each)
            included = not include or any(wanted <= has for wanted in include)
            if included and not any(wanted <= has for wanted in exclude):
                found.setdefault(each.id, each)
    return list(found.values())


def default_configuration(
    interface: FlowInterface, parameters: Mapping[str, object]
) -> Configuration:
    """Return the default variants with the first value of every parameter."""
    return Configuration(
        variants={each.node: each.default for each in interface.variants},
        parameters={name: values_of(value)[0] for name, value in parameters.items()},
    )


def pairs(configuration: Configuration) -> frozenset[str]:
    """Return the parts of the label: `classify=few`, `classify.temperature=0.7`."""
    return wanted_pairs({**configuration.variants, **configuration.parameters})


def wanted_pairs(wanted: Mapping[str, object]) -> frozenset[str]:
    """Return a partial match as parts of a label.

    >>> sorted(wanted_pairs({"classify": "few", "classify.temperature": 0}))
    ['classify.temperature=0', 'classify=few']
    """
    return frozenset(Configuration(parameters={key: each}).label for key, each in wanted.items())


def parse_pairs(text: str) -> frozenset[str]:
    """Return the parts of a label as people type it.

    >>> sorted(parse_pairs("classify=few,tag.stop=[1, 2]"))
    ['classify=few', 'tag.stop=[1, 2]']
    """
    return frozenset(part.strip() for part in re.split(r",(?=[^,=]+=)", text) if part.strip())


def select_configurations(
    configurations: tuple[Configuration, ...], selections: Sequence[str]
) -> tuple[Configuration, ...]:
    """Return those that any selection names: an id, or some parts of the label; none means all.

    Raises:
        ConfigError: for every selection that matches nothing.
    """
    if not selections:
        return configurations
    faults: list[Fault] = []
    chosen: set[str] = set()
    for selection in selections:
        wanted = parse_pairs(selection)
        found = {
            each.id for each in configurations if selection == each.id or wanted <= pairs(each)
        }
        chosen |= found
        if not found:
            faults.append(_unmatched(selection, configurations))
    if faults:
        raise ConfigError(faults)
    return tuple(each for each in configurations if each.id in chosen)


def _unmatched(selection: str, configurations: Iterable[Configuration]) -> Fault:
    known = sorted(frozenset[str]().union(*map(pairs, configurations)))
    unknown = sorted(parse_pairs(selection).difference(known))
    return Fault(
        where=f"--select {selection}",
        seen=f"{unknown[0]!r} is in no combination" if unknown else "no such combination",
        allowed=f"allowed: {', '.join(known)}",
        next_step=nearest(unknown[0], known) if unknown else "",
    )


def choose_baseline(
    among: Sequence[Configuration], default: Configuration, wanted: frozenset[str]
) -> Configuration | None:
    """Return the match that differs least from the default; None when nothing matches.

    Where nothing is wanted and the default itself does not run, that is the first.
    """
    normal = pairs(default)
    matching = [each for each in among if wanted <= pairs(each)]
    if not wanted:
        matching = [each for each in among if each.id == default.id] or matching[:1]
    return min(matching, key=lambda each: len(normal - pairs(each)), default=None)


def _choices(
    variants: Sequence[NodeVariants], combinations: Combinations
) -> Iterator[dict[str, str]]:
    defaults = {each.node: each.default for each in variants}
    if combinations.strategy == "grid":
        for ids in itertools.product(*(each.ids for each in variants)):
            yield dict(zip(defaults, ids, strict=True))
    elif combinations.strategy == "one_at_a_time":
        yield defaults
        for each in variants:
            for variant in each.ids:
                if variant != each.default:
                    yield {**defaults, each.node: variant}
    else:
        for chosen in combinations.strategy:
            yield {**defaults, **chosen}
