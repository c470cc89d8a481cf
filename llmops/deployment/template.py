"""Finds an environment's entry in the template's `deployment_config.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from llmops.deployment.stated import Stated
from llmops.deployment.template_entry import read_entry, stated_keys, unread_keys
from llmops.errors import ConfigError, Fault
from llmops.experiment.layers import merge_layers
from llmops.experiment.opening import label_of
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmops.experiment.layers import Raw

_SECTIONS: Final = {
    "azure_managed_endpoint": "a managed online endpoint of Azure Machine Learning",
    "kubernetes_endpoint": "a Kubernetes online endpoint of Azure Machine Learning",
    "webapp_endpoint": "an Azure Web App",
}
_SUITED: Final = {"kubernetes": "kubernetes_endpoint", "container": "webapp_endpoint"}
"""By kind of target, the section that says most of what it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """An entry and where it is."""

    section: str
    at: int
    raw: Raw

    def __str__(self) -> str:
        return f"{self.section}[{self.at}]"

    @property
    def is_filled(self) -> bool:
        """Return whether somebody has named its endpoint: the template comes with all sections."""
        return not {"ENDPOINT_NAME", "WEB_APP_NAME"}.isdisjoint(stated_keys(self.raw))


def template_in(folder: Path) -> Path | None:
    """Return an experiment's file of the template; its older place is the folder itself."""
    places = (folder / "configs" / "deployment_config.json", folder / "deployment_config.json")
    return next((place for place in places if place.exists()), None)


def read_template(file: Path, project: Path, environment: str, kind: str) -> Stated:
    """Return what the environment's entry states; of several sections, of the one for the target.

    `kind` is the target's, empty where none is stated.

    Raises:
        ConfigError: when the file cannot be read, or the environment has no entry or too many.
    """
    label = label_of(file, project)
    places = _places_of(environment, _content(file, label), label)
    place = _choose(places, kind)
    entry, faults = read_entry(place.raw, str(place), label)
    unread = unread_keys(place.raw)
    others = [each.section for each in places if each is not place]
    notes = [f"{label}: {place} is read" + (f", not {', '.join(others)}" if others else "")]
    if unread:
        notes.append(f"{label}: {place}: not used: {', '.join(unread)}")
    return Stated(
        layers=merge_layers([(f"{label}: {place}", entry.settings)]),
        label=label,
        name=entry.current_deployment_name or "",
        split=entry.split if not faults else {},
        meant_for=_SECTIONS[place.section],
        faults=tuple(faults),
        notes=tuple(notes),
    )


def _content(file: Path, label: str) -> Raw:
    try:
        content: object = json.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ConfigError([Fault(where=label, seen=f"not valid JSON: {error}")]) from None
    if not isinstance(content, dict):
        raise ConfigError(
            [Fault(where=label, seen="not a mapping", allowed=f"allowed: {', '.join(_SECTIONS)}")]
        )
    return cast("Raw", content)


def _places_of(environment: str, content: Raw, label: str) -> Sequence[_Place]:
    places = [
        _Place(section=section, at=at, raw=cast("Raw", entry))
        for section in _SECTIONS
        for at, entry in enumerate(_entries(content.get(section)))
        if isinstance(entry, dict)
    ]
    found = [place for place in places if place.raw.get("ENV_NAME") == environment]
    if not found:
        known = sorted({str(place.raw.get("ENV_NAME", "")) for place in places} - {""})
        fault = Fault(
            where=label,
            seen=f"no entry of the environment {environment!r}",
            allowed=f"allowed: {', '.join(known)}" if known else "there is no entry at all",
            next_step=nearest(environment, known) or "or write a deployment.yaml",
        )
        raise ConfigError([fault])
    sections = [place.section for place in found]
    twice = [
        Fault(
            where=f"{label}: {section}",
            seen=f"{sections.count(section)} entries of the environment {environment!r}",
            allowed="allowed: one",
        )
        for section in _SECTIONS
        if sections.count(section) > 1
    ]
    if twice:
        raise ConfigError(twice)
    return found


def _entries(section: object) -> list[object]:
    """Return a section's entries: an older file has one without a list around it."""
    return cast("list[object]", section) if isinstance(section, list) else [section]


def _choose(places: Sequence[_Place], kind: str) -> _Place:
    suited = [place for place in places if place.section == _SUITED.get(kind)]
    filled = [place for place in places if place.is_filled]
    return [*suited, *filled, *places][0]
