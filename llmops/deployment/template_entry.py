"""An environment's entry in the template's `deployment_config.json`, checked and translated."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pydantic import ConfigDict, Field, RootModel, model_validator

from llmops.deployment.names import Label, VariableName, VariableValue
from llmops.deployment.resources import Cpu, Memory
from llmops.deployment.traffic import Percent
from llmops.errors import Fault
from llmops.experiment.layers import Raw, merge, merge_layers
from llmops.experiment.section import Count, Section
from llmops.experiment.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Entry(Section):
    """The keys that mean something here; the others are about Azure resources."""

    model_config = ConfigDict(extra="ignore", alias_generator=str.upper)

    endpoint_name: Label | None = None
    web_app_name: Label | None = None
    prior_deployment_name: Label | None = None
    prior_deployment_traffic_allocation: Percent | None = None
    current_deployment_name: Label | None = None
    current_deployment_traffic_allocation: Percent | None = None
    deployment_instance_count: Count | None = None
    cpu_allocation: Cpu | None = None
    memory_allocation: Memory | None = None
    environment_variables: dict[VariableName, VariableValue] = Field(default_factory=dict[str, str])

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, value: object) -> object:
        return stated_keys(cast("Raw", value)) if isinstance(value, dict) else value

    @property
    def settings(self) -> Raw:
        """Return what it states, under the keys of `deployment.yaml`."""
        stated: Raw = {
            "endpoint": self.endpoint_name or self.web_app_name,
            "instances": self.deployment_instance_count,
            "resources": {"cpu": self.cpu_allocation, "memory": self.memory_allocation},
            "variables": self.environment_variables,
        }
        return merge({}, stated)

    @property
    def split(self) -> Mapping[str, int]:
        """Return percent by deployment; empty where the file does not name the current one."""
        prior = self.prior_deployment_traffic_allocation or 0
        shares = {self.prior_deployment_name: prior, self.current_deployment_name: 100 - prior}
        return {name: share for name, share in shares.items() if name and share}


class _Chosen(RootModel[dict[str, Entry]]):
    """The entry under its place in the file, so that faults name both."""


def stated_keys(entry: Raw) -> Raw:
    """Return the entry without the "" that the template has where nothing is stated."""
    return {key: value for key, value in entry.items() if value not in ("", None)}


def unread_keys(entry: Raw) -> list[str]:
    """Return the stated keys that mean nothing here, but for descriptions and the environment."""
    read = {*(name.upper() for name in Entry.model_fields), "ENV_NAME"}
    return [key for key in stated_keys(entry) if key not in read and not key.endswith("_DESC")]


def read_entry(raw: Raw, place: str, label: str) -> tuple[Entry, list[Fault]]:
    """Return what fits of the entry at a place in the file, and all that does not."""
    found: Raw = {place: raw}
    chosen, misfits = validate(found, merge_layers([(label, found)]), _Chosen)
    entry = chosen.root[place] if chosen else Entry()
    faults = [misfit.fault for misfit in misfits]
    if not faults:
        faults.extend(_split_faults(entry, f"{label}: {place}"))
    return entry, faults


def _split_faults(entry: Entry, where: str) -> Iterator[Fault]:
    """Yield what is wrong between names and shares."""
    prior = entry.prior_deployment_traffic_allocation
    current = entry.current_deployment_traffic_allocation
    total = (prior or 0) + (current or 0)
    if total != 100 and (prior, current) != (None, None):
        yield Fault(
            where=f"{where}.CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION",
            seen=f"{current or 0}, with {prior or 0} for the prior deployment: {total} together",
            allowed="allowed: what adds up to 100",
        )
    for key, name in (
        ("PRIOR_DEPLOYMENT_NAME", entry.prior_deployment_name),
        ("CURRENT_DEPLOYMENT_NAME", entry.current_deployment_name),
    ):
        if prior and not name:
            seen = f"empty, but the prior deployment has {prior} %"
            yield Fault(where=f"{where}.{key}", seen=seen, allowed="allowed: a deployment's name")
    if entry.prior_deployment_name and entry.prior_deployment_name == entry.current_deployment_name:
        seen = f"{entry.prior_deployment_name!r} is also the prior deployment"
        yield Fault(
            where=f"{where}.CURRENT_DEPLOYMENT_NAME", seen=seen, allowed="allowed: another name"
        )
