"""A reviewer's word on a run, bound to its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Verdict = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What a reviewer signs.

    `run` is `<experiment>/<run id>`. `evidence` is the sha256 of the run's evidence bundle and
    `rules` that of the approvers' file, both in hex. `max_traffic` is a percentage, 0 to 100.
    Times are UTC in ISO 8601. `comments` are keyed by `<dataset>:<line>`. `acknowledged` names the
    unmet gates and broken guardrails that the reviewer accepts.
    """

    run: str
    evidence: str
    rules: str
    configuration: str
    label: str
    verdict: Verdict
    environment: str
    max_traffic: float
    created: str
    expires: str
    reviewer: str
    reason: str
    comments: Mapping[str, str] = field(default_factory=dict[str, str])
    acknowledged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What valid approvals of a run allow together; `until` is the earliest expiry."""

    run: str
    evidence: str
    configuration: str
    environment: str
    max_traffic: float
    until: str
    reviewers: tuple[str, ...]
    records: tuple[str, ...]
    """Hashes of the ledger's records."""
