"""A release: one configuration of a flow, frozen with everything it needs and came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What `release.json` says.

    `number` counts from 1 for each name. `flow` is the flow's file, relative to the release.
    `inputs` are promptflow's types by input, `outputs` the names known. `connections` are those
    that the flow names. `lineage` has the run, its evidence, the commit, the datasets and the
    approvals. `files` are `{"size": bytes, "sha256": hex}` by path. `digest` is over all else.
    """

    name: str
    number: int
    created: str
    flow: str
    configuration: Mapping[str, object]
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    connections: tuple[str, ...]
    packages: Mapping[str, str]
    lineage: Mapping[str, object]
    files: Mapping[str, Mapping[str, object]]
    digest: str

    @property
    def label(self) -> str:
        """Return how people call it: `reviews/3`."""
        return f"{self.name}/{self.number}"
