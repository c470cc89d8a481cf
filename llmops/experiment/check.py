"""What the fields say, against flows and data: each function yields the faults of one matter."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from llmops.domain.flow import REQUIRED
from llmops.errors import Fault
from llmops.experiment.mappings import complete_mappings, reference
from llmops.experiment.parameters import values_of
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from llmops.domain.flow import FlowInterface
    from llmops.experiment.model import Combinations, ExperimentFile

_TAKEN = ("endpoints", "ledger.jsonl", "ledger.lock", "monitoring", "production", "releases")
_OF_DATA = "allowed: ${data.<column>}, a literal"
_OF_A_RUN = "allowed: ${data.<column>}, ${run.outputs.<name>}, ${run.inputs.<name>}, a literal"


def check_unique(names: Iterable[str], where: str) -> Iterator[Fault]:
    """Yield a fault for every name that is there more than once."""
    for name, times in Counter(names).items():
        if times > 1:
            yield Fault(where=where, seen=f"the name {name!r} is there {times} times")


def check_name(name: str, where: str) -> Iterator[Fault]:
    """Yield a fault for a name whose folder in `reports/` belongs to something else."""
    if name.casefold() in _TAKEN:
        seen = f"{name!r} is the name of what is kept in reports/"
        yield Fault(where=where, seen=seen, next_step="choose another name")


def check_known(name: str, names: Collection[str], what: str, where: str) -> Iterator[Fault]:
    """Yield a fault when the name is none of them."""
    if name not in names:
        allowed = f"allowed: {', '.join(names)}" if names else f"there is no {what}"
        hint = nearest(name, names)
        yield Fault(where=where, seen=f"no {what} {name!r}", allowed=allowed, next_step=hint)


def check_mappings(
    mappings: Mapping[str, object],
    flow: FlowInterface,
    sources: Mapping[str, Collection[str]],
    where: str,
) -> Iterator[Fault]:
    """Yield mappings to or from what does not exist, and inputs that nothing fills.

    `sources` has the names behind `data` and, for an evaluator, `run.outputs` and `run.inputs`;
    an unknown set of names is empty.
    """
    inputs = [each.name for each in flow.inputs]
    for name, value in mappings.items():
        yield from check_known(name, inputs, "input", f"{where}.{name}")
        found = reference(value)
        if found is None:
            continue
        if found.source == "unknown" or found.source not in sources:
            allowed = _OF_A_RUN if "run.outputs" in sources else _OF_DATA
            yield Fault(where=f"{where}.{name}", seen=f"{value} refers to nothing", allowed=allowed)
        elif sources[found.source]:
            what = {"data": "column", "run.outputs": "output"}.get(found.source, "input")
            yield from check_known(found.name, sources[found.source], what, f"{where}.{name}")
    filled = complete_mappings(mappings, flow.inputs, sources["data"])
    for each in flow.inputs:
        if each.default is REQUIRED and each.name not in filled:
            yield Fault(
                where=where,
                seen=f"nothing fills the input {each.name!r}",
                allowed="allowed: a mapping, a column of that name, a default in the flow",
                next_step=nearest(each.name, sources["data"]),
            )


def check_parameters(
    parameters: Mapping[str, object], flow: FlowInterface, where: str
) -> Iterator[Fault]:
    """Yield parameters that no node of the flow takes, and those without a value."""
    for name, value in parameters.items():
        node, _, key = name.partition(".")
        if not (key and node in flow.open_parameters):
            open_names = {f"{each}.{key or '<input>'}" for each in flow.open_parameters}
            known = sorted(flow.parameters | open_names)
            yield from check_known(name, known, "parameter", f"{where}.{name}")
        if not values_of(value):
            yield Fault(
                where=f"{where}.{name}", seen="an empty list", allowed="allowed: at least one value"
            )


def check_choice(
    choice: Mapping[str, object],
    flow: FlowInterface,
    parameters: Mapping[str, object],
    where: str,
) -> Iterator[Fault]:
    """Yield nodes, variants and parameter values that a (partial) combination cannot have."""
    variants = {each.node: each.ids for each in flow.variants}
    for name, value in choice.items():
        if name in variants:
            ids = variants[name]
            yield from check_known(str(value), ids, "variant", f"{where}.{name}")
        elif name in parameters:
            if value not in values_of(parameters[name]):
                allowed = f"allowed: {', '.join(map(repr, values_of(parameters[name])))}"
                yield Fault(where=f"{where}.{name}", seen=repr(value), allowed=allowed)
        else:
            known = [*variants, *parameters]
            yield from check_known(name, known, "node with variants", f"{where}.{name}")


def check_combinations(
    combinations: Combinations,
    flow: FlowInterface,
    parameters: Mapping[str, object],
    where: str,
) -> Iterator[Fault]:
    """Yield unknown names in the list of combinations, in include and in exclude."""
    if not isinstance(combinations.strategy, str):
        for at, choice in enumerate(combinations.strategy):
            yield from check_choice(choice, flow, {}, f"{where}[{at}]")
    for key in ("include", "exclude"):
        choices = combinations.include if key == "include" else combinations.exclude
        for at, choice in enumerate(choices):
            yield from check_choice(choice, flow, parameters, f"{where}.{key}[{at}]")


def check_connections(
    used_by: Mapping[str, Collection[str]], declared: Collection[str], where: str
) -> Iterator[Fault]:
    """Yield connections that are used but not declared; `used_by` has them by flow."""
    for flow, names in used_by.items():
        for name in sorted(names):
            for fault in check_known(name, declared, "connection", where):
                seen = f"{fault.seen}, which the flow {flow!r} uses"
                yield Fault(
                    where=where, seen=seen, allowed=fault.allowed, next_step=fault.next_step
                )


def check_money(settings: ExperimentFile, where: str) -> Iterator[Fault]:
    """Yield a fault when money is limited but no model has a price."""
    if settings.budget.money is not None and not settings.prices:
        seen = "a limit of money, but no model has a price"
        yield Fault(where=where, seen=seen, next_step="add prices")
