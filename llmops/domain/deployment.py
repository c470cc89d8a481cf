"""What serves an endpoint's requests, on any target: deployments, who gets which share, the plan.

An endpoint is one address in one environment. Behind it are deployments, each one release.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from llmops.domain.analysis import Direction
    from llmops.domain.release import Release

Status = Literal["starting", "ready", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How a target asks an instance whether it takes requests; 200 is yes.

    `startup_seconds` is how long the first yes may take, `failures` how many noes in a row put an
    instance out.
    """

    path: str = "/ready"
    interval_seconds: float = 5.0
    timeout_seconds: float = 2.0
    failures: int = 3
    startup_seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What an instance is given, as Kubernetes quantities (`500m`, `512Mi`); empty: not stated."""

    cpu: str = ""
    memory: str = ""
    cpu_limit: str = ""
    memory_limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A release and how it is to be served.

    `folder` is the release's, read-only. `workers` are processes of one instance; `concurrency`
    and `queue` count requests of one worker. `secrets` say where a variable's value is, by the
    variable's name: never the value. `log_sample` is the share of requests in the production log.
    """

    endpoint: str
    name: str
    release: Release
    folder: Path
    instances: int = 1
    workers: int = 1
    concurrency: int = 32
    queue: int = 64
    timeout_seconds: float = 60.0
    log_sample: float = 1.0
    resources: Resources = Resources()
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    probe: Probe = Probe()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Who gets which requests, in percent by deployment.

    `percent` adds up to 100, or all are 0 before the first. `mirror` is the share of the others'
    requests of which a deployment gets a copy, its answers dropped. `sticky` is `header:<name>`,
    `cookie:<name>` or empty.
    """

    percent: Mapping[str, int] = field(default_factory=dict[str, int])
    mirror: Mapping[str, int] = field(default_factory=dict[str, int])
    sticky: str = ""

    def is_as(self, other: Routing) -> bool:
        """Return whether every request would go the same way: no share is a share of 0."""
        return all(
            {name: share for name, share in mine.items() if share}
            == {name: share for name, share in theirs.items() if share}
            for mine, theirs in ((self.percent, other.percent), (self.mirror, other.mirror))
        ) and (self.sticky == other.sticky)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentState:
    """A deployment as the target has it; `release` is a label, `detail` why it is not ready."""

    name: str
    release: str
    digest: str
    status: Status
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointState:
    """An endpoint as the target has it; nothing deployed and no address where there is none.

    `fault` is why nobody reaches its deployments, where the target knows that.
    """

    address: str = ""
    fault: str = ""
    deployments: tuple[DeploymentState, ...] = ()
    routing: Routing = Routing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a deployment answered."""

    status: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an endpoint is; `variables` are those of the environment and of `.env`."""

    project: Path
    environment: str
    endpoint: str
    variables: Mapping[str, str]


class Target(Protocol):
    """One endpoint on one target. Every method can be called again after a crash in the midst.

    All raise TargetError when the target refuses or cannot be reached.
    """

    async def state(self) -> EndpointState:
        """Return what is there now; looking changes nothing."""
        ...

    async def changes(self, deployment: Deployment) -> Sequence[str]:
        """Return what `put` would change, one line each; empty when it is there as stated."""
        ...

    async def put(self, deployment: Deployment) -> None:
        """Have the deployment as stated; it is ready when this returns, and its share is kept.

        A new one has no share. What serves now is not disturbed when this fails.

        Raises:
            TargetError: saying why it does not become ready.
        """
        ...

    async def ask(self, name: str, body: bytes) -> Reply:
        """Return what the deployment answers to `POST /score`, whatever its share."""
        ...

    async def route(self, routing: Routing) -> None:
        """Share requests out so, from the next one on; no request is dropped."""
        ...

    async def remove(self, name: str) -> None:
        """Take a deployment away when it has answered what it has; nothing if there is none."""
        ...

    async def close_endpoint(self) -> None:
        """Take away what is left of an endpoint without deployments."""
        ...


class TargetKind(Protocol):
    """A section `target:` of a `deployment.yaml`."""

    @property
    def kind(self) -> str:
        """Return its kind, as the file states it."""
        ...

    def faults(self, deployment: Deployment) -> Sequence[str]:
        """Return what this target cannot do of a deployment, before anything is changed."""
        ...

    def routing_faults(self, routing: Routing) -> Sequence[str]:
        """Return what of a routing this target cannot do."""
        ...

    def open(self, place: Place) -> AbstractAsyncContextManager[Target]:
        """Return one endpoint, reachable while the context is open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold before the next step: exactly one of the three limits is set.

    `metric` is `<evaluator>.<metric>` or one of `analysis.OPERATIONAL`. `max_drop` is how much
    worse than the deployment that has the other requests it may be, in the metric's unit: it has
    to be shown (non-inferiority).
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    max_drop: float | None = None
    direction: Direction = "maximize"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What calls for a rollback once it is shown: exactly one of the three limits is set.

    `drop` is how much worse than the deployment that has the other requests; 0: worse at all.
    """

    metric: str
    above: float | None = None
    below: float | None = None
    drop: float | None = None
    direction: Direction = "maximize"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """How a new deployment gets its share.

    `steps` are percentages, each above the one before. At each it stays at least `bake_minutes`
    and until it has answered `bake_requests`; then all of `must_hold` has to be shown.
    """

    steps: tuple[int, ...] = (10, 50, 100)
    bake_minutes: float = 60.0
    bake_requests: int = 200
    must_hold: tuple[Condition, ...] = ()
    rollback_when: tuple[Trigger, ...] = ()
    mirror: int = 0
    sticky: str = ""

    def after(self, percent: int) -> int | None:
        """Return the next step after a share; None after the last."""
        return next((step for step in self.steps if step > percent), None)
