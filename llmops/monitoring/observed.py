"""One pass over the production log: columns of numbers, and where the requests themselves are."""

from __future__ import annotations

import heapq
import math
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from llmops.domain.analysis import text_of
from llmops.monitoring.access import NO_UNIT
from llmops.monitoring.production import Feedback, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from llmops.domain.monitoring import StatedSplit
    from llmops.monitoring.production import Place, Request

DISCONNECTED: Final = 499
BEFORE: Final = "before the last change of traffic"


@dataclass(frozen=True, slots=True)
class Logged:
    """A request of the sample: enough to find it again; `row` is its place in the columns."""

    time: float
    id: str
    place: Place
    row: int


@dataclass(slots=True)
class Answers:
    """What one deployment answered: columns of equal length, a row per request.

    `requests` and `units` are digests; `costs` has NaN where none is known. `sampled` are those
    that evaluators may judge: answered, and in the share that is to be judged.
    """

    requests: array[int] = field(default_factory=lambda: array("Q"))
    units: array[int] = field(default_factory=lambda: array("Q"))
    statuses: array[int] = field(default_factory=lambda: array("H"))
    seconds: array[float] = field(default_factory=lambda: array("d"))
    costs: array[float] = field(default_factory=lambda: array("d"))
    sampled: list[Logged] = field(default_factory=list["Logged"])
    first: float = math.inf
    last: float = -math.inf


@dataclass(slots=True)
class Fewest:
    """At most so many places, those with the smallest digests: a fair sample in bounded memory."""

    most: int
    _heap: list[tuple[int, int, Place]] = field(default_factory=list["tuple[int, int, Place]"])
    _count: int = 0

    def add(self, digest: int, place: Place) -> None:
        """Take it into account."""
        self._count += 1
        entry = (-digest, self._count, place)
        if len(self._heap) < self.most:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    @property
    def places(self) -> list[Place]:
        """Return them, the smallest digest first."""
        return [place for _, _, place in sorted(self._heap, reverse=True)]


@dataclass(slots=True, kw_only=True)
class Observed:
    """The log since the last change of traffic; `left_out` counts requests by why."""

    answers: dict[str, Answers]
    inputs: Fewest
    outputs: Fewest
    feedback: dict[str, Mapping[str, object]] = field(
        default_factory=dict[str, "Mapping[str, object]"]
    )
    left_out: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """What to look for: `unit` is an input or empty, `sample` the share to judge.

    Of feedback the fields that evaluators read are kept. `price` gives a request's cost where the
    log has none; None where nobody knows.
    """

    split: StatedSplit
    unit: str
    sample: float
    drift_sample: int
    feedback: frozenset[str]
    price: Callable[[Request], float | None]

    def observe(self, entries: Iterable[Request | Feedback]) -> Observed:
        """Read to the end; memory grows by some tens of bytes a request."""
        served = self.split.releases
        observed = Observed(
            answers={name: Answers() for name in served},
            inputs=Fewest(self.drift_sample),
            outputs=Fewest(self.drift_sample),
        )
        for entry in entries:
            if isinstance(entry, Feedback):
                self._keep(observed, entry)
            elif reason := self._foreign(entry):
                observed.left_out[reason] += 1
            else:
                self._add(observed, entry)
        return observed

    def _keep(self, observed: Observed, feedback: Feedback) -> None:
        """Keep what evaluators read; what was said last of a field counts."""
        content = {name: feedback.content[name] for name in self.feedback & feedback.content.keys()}
        if content:
            known = observed.feedback.get(feedback.request, {})
            observed.feedback[feedback.request] = {**known, **content}

    def _foreign(self, request: Request) -> str:
        """Return why the request does not count; empty when it does."""
        stated = self.split.releases.get(request.deployment)
        if request.time < self.split.since:
            return BEFORE
        if stated is None:
            return f"of {request.deployment}, which the ledger does not know here"
        if stated != request.release:
            return f"of {request.deployment} while it served {request.release}, not {stated}"
        return ""

    def _add(self, observed: Observed, request: Request) -> None:
        answers = observed.answers[request.deployment]
        digest = digest_of(request.id)
        cost = self.price(request) if request.cost is None else request.cost
        row = len(answers.requests)
        answers.requests.append(digest)
        answers.units.append(self._unit(request))
        answers.statuses.append(min(max(request.status, 0), 999))
        answers.seconds.append(request.seconds)
        answers.costs.append(math.nan if cost is None else cost)
        answers.first = min(answers.first, request.time)
        answers.last = max(answers.last, request.time)
        observed.inputs.add(digest, request.place)
        if request.status != 200:
            return
        if request.deployment == self.split.candidate:
            observed.outputs.add(digest, request.place)
        if digest < self.sample * 2**64:
            answers.sampled.append(Logged(request.time, request.id, request.place, row))

    def _unit(self, request: Request) -> int:
        unit = text_of(request.inputs.get(self.unit)) if self.unit else None
        return NO_UNIT if unit is None else digest_of(unit)
