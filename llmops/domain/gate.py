"""What a gate found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GateStatus = Literal["met", "unmet", "not applicable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """One gate on one dataset, for the configuration that is to be released.

    `wanted` and `sentence` are for people: `accuracy at least 0.8`, `accuracy on reviews is 0.74
    (n=200); at least 0.8 is wanted`. A value that can't be had is unmet, never met.
    `not applicable` only where a gate compares with a deployment and nothing is deployed.
    """

    metric: str
    dataset: str
    wanted: str
    status: GateStatus
    sentence: str
    seen: float | None = None
    threshold: float | None = None
    slice_value: str = ""
