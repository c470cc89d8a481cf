"""What a router says of itself: who is behind it, who is up, what is in work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from llmops.domain.traffic import Address  # noqa: TC001  read at run time, to check what is said


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStatus:
    """One instance; `in_flight` counts its requests in work, copies too."""

    address: Address
    up: bool
    in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatus:
    """One deployment and its instances, in the order of the configuration."""

    name: str
    percent: int
    mirror_percent: int
    instances: tuple[InstanceStatus, ...]

    @property
    def up(self) -> bool:
        """Whether it can answer at all."""
        return any(each.up for each in self.instances)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterStatus:
    """The deployments; `leaving` are instances that get no more requests but still work on some."""

    deployments: tuple[DeploymentStatus, ...]
    leaving: tuple[InstanceStatus, ...] = ()

    def leaves(self, *addresses: Address) -> bool:
        """Tell whether one of these still works on requests."""
        return any(each.address in addresses for each in self.leaving)


_STATUS: Final = TypeAdapter(RouterStatus)


def dump_status(status: RouterStatus) -> bytes:
    """Return the JSON that `parse_status` reads."""
    return _STATUS.dump_json(status)


def parse_status(text: bytes) -> RouterStatus:
    """Return what a router said."""
    return _STATUS.validate_json(text)
