"""What watching an endpoint found, and what it proposes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.analysis import Direction
    from llmops.domain.comparison import Finding, Interval, ScoreKind

Action = Literal["next step", "stay", "rollback", "done", "stopped"]
SplitStatus = Literal["kept", "broken", "not checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSplit:
    """Who should get which share since when, as the ledger has it.

    `candidate` came last; `incumbent` has the most of the other requests, empty where there is no
    other. `releases` and `percent` are by deployment. `since` is in seconds since 1970.
    """

    since: float
    releases: Mapping[str, str]
    percent: Mapping[str, int]
    candidate: str
    incumbent: str = ""
    sticky: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """Whether requests came to the deployments as stated.

    `counted` says what was counted: requests, or units such as customers. `p` holds however often
    one has looked; None where nothing could be tested, and `reason` says why.
    """

    status: SplitStatus
    counted: str
    observed: Mapping[str, int]
    expected: Mapping[str, float]
    p: float | None
    level: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A metric of one deployment: `n` values of `units` independent units; None where n is 0."""

    deployment: str
    metric: str
    kind: ScoreKind
    value: float | None
    n: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The candidate against the incumbent on one metric: `difference` is candidate minus it.

    `interval` and both p-values hold at every look, not at one alone. `p_adjusted` is Holm's.
    None where nothing can be tested; `reason` says why.
    """

    metric: str
    direction: Direction
    kind: ScoreKind
    incumbent: float | None
    candidate: float | None
    difference: float | None = None
    interval: Interval | None = None
    p: float | None = None
    p_adjusted: float | None = None
    finding: Finding = "not shown"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A condition or a trigger of the traffic plan, and whether what it states is shown."""

    wanted: str
    shown: bool
    p: float | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How one property of production differs from the evaluation data.

    `size` is the population stability index, or for n-grams one minus the cosine of the profiles.
    `p_adjusted` is Holm's over all that was looked at. `drifted` is a warning, never a verdict.
    """

    column: str
    property: str
    test: str
    reference: int
    current: int
    size: float
    p: float
    p_adjusted: float
    drifted: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What one deployment answered: `requests` as counted, of which `judged` were evaluated.

    `errors` are answers of 500 and above. `disconnected` clients did not wait for theirs.
    """

    deployment: str
    release: str
    percent: int
    requests: int
    errors: int
    disconnected: int
    judged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What to do next and why; `percent` is the share proposed for the candidate, if any."""

    action: Action
    sentence: str
    reasons: tuple[str, ...] = ()
    percent: int | None = None
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """One look at an endpoint. `notes` say what was left out or could not be done, and why.

    `logs` has the sha256 of each file read, as far as it was read. Times are UTC in ISO 8601.
    """

    endpoint: str
    time: str
    since: str
    split: StatedSplit
    ratio: SampleRatio
    traffic: tuple[Traffic, ...]
    proposal: Proposal
    confidence: float = 0.95
    measures: tuple[Measure, ...] = ()
    differences: tuple[Difference, ...] = ()
    must_hold: tuple[Held, ...] = ()
    rollback_when: tuple[Held, ...] = ()
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
    logs: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What those who want to know are told; `facts` are for programs."""

    id: str
    subject: str
    text: str
    facts: Mapping[str, object]


class Notifier(Protocol):
    """Tells someone; its fields are its YAML."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must never be written anywhere."""
        ...

    async def tell(self, notice: Notice) -> None:
        """Return when it is delivered.

        Raises:
            LLMOpsError: when it is not, after all retries.
        """
        ...
