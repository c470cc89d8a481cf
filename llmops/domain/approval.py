"""A reviewer's word on a run, bound to its evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Verdict = Literal["approve", "reject"]
_VERDICTS: Final = get_args(Verdict)
_TYPES: Final = {"max_traffic": (int, float), "comments": dict, "acknowledged": (list, tuple)}
"""Of the fields that are no text."""
_RUN: Final = re.compile(r"\w[\w. -]*/\w[\w.-]*")


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

    @property
    def experiment(self) -> str:
        """Return the run's experiment, whose rules count."""
        return self.run.partition("/")[0]

    @property
    def made(self) -> datetime:
        """Return when it was created."""
        return datetime.fromisoformat(self.created)

    @property
    def ends(self) -> datetime:
        """Return when it expires."""
        return datetime.fromisoformat(self.expires)


def approval_of(body: Mapping[str, object]) -> Approval | None:
    """Return the approval with these fields; None unless all are there and each can be used."""
    sound = {*body} == {each.name for each in fields(Approval)} and all(
        isinstance(value, _TYPES.get(name, str)) and not isinstance(value, bool)
        for name, value in body.items()
    )
    if not sound:
        return None
    content = cast("dict[str, Any]", dict(body))
    content["acknowledged"] = tuple(content["acknowledged"])
    texts = (*content["comments"].values(), *content["acknowledged"])
    times = (content["created"], content["expires"])
    usable = all(isinstance(each, str) for each in texts) and all(map(_has_zone, times))
    usable = usable and content["verdict"] in _VERDICTS and 0 <= content["max_traffic"] <= 100
    return Approval(**content) if usable and _is_run(content["run"]) else None


def _is_run(text: str) -> bool:
    """Return whether it is a run's name: it says where rules are looked for."""
    return _RUN.fullmatch(text) is not None and len(text.encode()) < 256


def _has_zone(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody wants to do: put a run's configuration to an environment at a share."""

    run: str
    configuration: str
    environment: str
    max_traffic: float


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
    acknowledged: tuple[str, ...] = ()
    """Unmet gates and broken guardrails that every one of them accepts."""
