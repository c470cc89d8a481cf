"""What a file states of an environment, before it is checked as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.errors import Fault
    from llmops.experiment.layers import Layers


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The keys of `deployment.yaml`, and what only the template's file has.

    `name` is the next deployment's, `split` percent by deployment. `meant_for` says what kind of
    Azure endpoint an entry of the template is for, which has to be another target here.
    """

    layers: Layers
    label: str
    notes: tuple[str, ...] = ()
    name: str = ""
    split: Mapping[str, int] = field(default_factory=dict[str, int])
    meant_for: str = ""
    faults: tuple[Fault, ...] = ()
