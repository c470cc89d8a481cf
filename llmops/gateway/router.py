"""What shares the requests out, as the control side sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from llmops.gateway.status import DeploymentStatus, InstanceStatus, RouterStatus

if TYPE_CHECKING:
    from llmops.domain.traffic import GatewayConfiguration
    from llmops.gateway.deployments import Deployment, Deployments
    from llmops.gateway.instances import Instance
    from llmops.gateway.metrics import Metrics


class Router(Protocol):
    """The built-in gateway, or a program that does its work."""

    @property
    def configuration(self) -> GatewayConfiguration:
        """Return what holds."""
        ...

    def require_possible(self, configuration: GatewayConfiguration) -> None:
        """Refuse what it cannot do, before anything changes.

        Raises:
            ConfigError: with every fault.
        """
        ...

    async def apply(self, configuration: GatewayConfiguration) -> None:
        """Have a configuration that is possible hold, from the next request on."""
        ...

    async def status(self) -> RouterStatus:
        """Return who is up and what is in work."""
        ...

    async def metrics(self) -> bytes:
        """Return what it counts, in Prometheus's text format."""
        ...


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """The gateway of this package, which can do all that a configuration can say."""

    deployments: Deployments
    counts: Metrics

    @property
    def configuration(self) -> GatewayConfiguration:
        """Return what holds."""
        return self.deployments.configuration

    def require_possible(self, configuration: GatewayConfiguration) -> None:
        """Refuse nothing."""

    async def apply(self, configuration: GatewayConfiguration) -> None:
        """Follow the configuration at once."""
        self.deployments.apply(configuration)

    async def status(self) -> RouterStatus:
        """Return who is up and what is in work."""
        return RouterStatus(
            deployments=tuple(map(_shown, self.deployments.active.values())),
            leaving=tuple(map(_seen, self.deployments.leaving)),
        )

    async def metrics(self) -> bytes:
        """Return what it counts, in Prometheus's text format."""
        return self.counts.text(self.deployments)


def _shown(deployment: Deployment) -> DeploymentStatus:
    backend = deployment.backend
    return DeploymentStatus(
        name=backend.name,
        percent=backend.percent,
        mirror_percent=backend.mirror_percent,
        instances=tuple(map(_seen, deployment.instances)),
    )


def _seen(instance: Instance) -> InstanceStatus:
    return InstanceStatus(address=instance.address, up=instance.up, in_flight=instance.in_flight)
