"""How far a Deployment is, and why it is no further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llmops.targets.kubernetes.objects import entries, name_of, section
from llmops.targets.kubernetes.workload import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from llmops.domain.deployment import Status
    from llmops.targets.kubernetes.objects import Object

_HOPELESS: Final = {
    "ImagePullBackOff": "the image cannot be pulled",
    "ErrImageNeverPull": "the image is not there",
    "InvalidImageName": "the image's name is wrong",
    "CreateContainerConfigError": "a setting that the instance needs is missing",
    "CreateContainerError": "the container cannot be made",
    "RunContainerError": "the container cannot be started",
}
_CRASHING: Final = "CrashLoopBackOff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why an instance is not ready; it will not become so if it is `final`.

    `crashed` or `unready` is the instance whose log, or whose events, say more.
    """

    reason: str
    final: bool = False
    crashed: str = ""
    unready: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A Deployment's state; `complete` when there is nothing else than what is stated."""

    complete: bool
    desired: int
    available: int
    obstacle: Obstacle | None

    @property
    def status(self) -> Status:
        """Return its status as `DeploymentState` has it."""
        if self.available:
            return "ready"  # of an earlier state too: that is what serves
        return "failed" if self.obstacle and self.obstacle.final else "starting"

    @property
    def detail(self) -> str:
        """Return why it is not complete; empty when it is."""
        if self.complete:
            return ""
        counted = f"{self.available} of {self.desired} instances are available"
        if not self.obstacle:
            return counted
        # All that are wanted may be there, of an earlier state.
        few = f"{counted}: " if self.available < self.desired else ""
        return f"{few}{self.obstacle.reason}"


def rollout(deployment: Object, pods: Iterable[Object], least: int = 0) -> Rollout:
    """Read a Deployment and its Pods; `least` is how many instances there have to be."""
    said = section(deployment, "status")
    seen = said.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    desired = max(least, int(deployment["spec"].get("replicas", 1)))
    updated, available = int(said.get("updatedReplicas", 0)), int(said.get("availableReplicas", 0))
    all_new = seen and updated >= desired and said.get("replicas", 0) == updated
    complete = all_new and available >= updated
    obstacles = [] if complete else [*_obstacles(deployment, said, pods)]
    return Rollout(
        complete=complete,
        desired=desired,
        available=available,
        obstacle=next((each for each in obstacles if each.final), None)
        or next(iter(obstacles), None),
    )


def _obstacles(
    deployment: Object, said: Mapping[str, Any], pods: Iterable[Object]
) -> Iterator[Obstacle]:
    template = _template(deployment["spec"]["template"])
    for pod in pods:
        if _template(pod) == template and not pod["metadata"].get("deletionTimestamp"):
            yield from _pod_obstacles(pod)
    if said.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return  # these conditions are about an earlier state
    for each in entries(said, "conditions"):
        message = str(each.get("message", ""))
        if each["type"] == "ReplicaFailure" and each["status"] == "True":
            # Quotas and admission rules are forbidden until somebody changes them.
            reason = f"no instance can be made: {message}"
            yield Obstacle(reason=reason, final="is forbidden" in message)
        if each["type"] == "Progressing" and each["status"] == "False":
            yield Obstacle(reason=message, final=True)


def _pod_obstacles(pod: Object) -> Iterator[Obstacle]:
    said = section(pod, "status")
    for each in entries(said, "conditions"):
        if each["type"] == "PodScheduled" and each["status"] == "False":
            yield Obstacle(reason=f"no node takes an instance: {each.get('message', '')}")
    for each in entries(said, "containerStatuses"):
        if not each.get("ready"):
            yield _container_obstacle(name_of(pod), each)
    if said.get("phase") == "Failed":
        yield Obstacle(reason=f"an instance failed: {said.get('reason')}: {said.get('message')}")


def _container_obstacle(pod: str, container: Mapping[str, Any]) -> Obstacle:
    waiting = section(container, "state", "waiting")
    ended = section(container, "state", "terminated")
    reason, message = str(waiting.get("reason", "")), str(waiting.get("message", ""))
    if reason in _HOPELESS:
        return Obstacle(reason=f"{_HOPELESS[reason]} ({reason}): {message}", final=True)
    if reason == _CRASHING:
        last = section(container, "lastState", "terminated")
        how = f"{last.get('reason', 'Error')}, exit code {last.get('exitCode', 'unknown')}"
        said = f"an instance ends again and again ({reason}): {how}"
        return Obstacle(reason=said, final=True, crashed=pod)
    if "running" in section(container, "state"):
        return Obstacle(reason="an instance runs and is not ready", unready=pod)
    if ended:
        reason = f"an instance ended with exit code {ended.get('exitCode')}"
        return Obstacle(reason=reason, crashed=pod)
    return Obstacle(reason=f"an instance waits ({reason or 'Pending'}): {message}".rstrip(": "))


def _template(thing: Object) -> str:
    return str(section(thing, "metadata", "annotations").get(TEMPLATE, ""))
