"""From what the target is told to what the gateway is told, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from llmops.domain.deployment import Routing
from llmops.domain.traffic import Backend

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmops.domain.deployment import Deployment
    from llmops.domain.traffic import Address, GatewayConfiguration

_SLACK_SECONDS: Final = 10.0


def routing_of(configuration: GatewayConfiguration) -> Routing:
    """Return who gets which requests."""
    backends = configuration.backends
    return Routing(
        percent={each.name: each.percent for each in backends},
        mirror=requested({each.name: each.mirror_percent for each in backends}),
        sticky=configuration.sticky,
    )


def requested(shares: Mapping[str, int]) -> dict[str, int]:
    """Return the shares that are more than nothing."""
    return {name: share for name, share in shares.items() if share}


def routed(configuration: GatewayConfiguration, routing: Routing) -> GatewayConfiguration:
    """Return the configuration in which requests are shared out so; who is not named gets none.

    Raises:
        ValueError: when the shares are not 100 in all.
    """
    backends = (
        replace(
            each,
            percent=routing.percent.get(each.name, 0),
            mirror_percent=routing.mirror.get(each.name, 0),
        )
        for each in configuration.backends
    )
    return replace(configuration, backends=tuple(backends), sticky=routing.sticky)


def connected(
    configuration: GatewayConfiguration, deployment: Deployment, addresses: Iterable[Address]
) -> GatewayConfiguration:
    """Return the configuration that has a deployment at these addresses, at the share it had.

    The probe is that of the deployment which was put last: a gateway has one for all.
    """
    fresh = Backend(name=deployment.name, addresses=tuple(addresses))
    backends = {each.name: each for each in configuration.backends}
    known = backends.get(fresh.name, fresh)
    backends[fresh.name] = replace(known, addresses=fresh.addresses)
    probe, limits = deployment.probe, configuration.limits
    patience = max(limits.answer_seconds, deployment.timeout_seconds + _SLACK_SECONDS)
    return replace(
        configuration,
        backends=tuple(backends.values()),
        health=replace(
            configuration.health,
            path=probe.path,
            interval_seconds=probe.interval_seconds,
            timeout_seconds=probe.timeout_seconds,
            fall=probe.failures,
        ),
        limits=replace(limits, answer_seconds=patience),
    )


def without(configuration: GatewayConfiguration, name: str) -> GatewayConfiguration:
    """Return the configuration that does not know a deployment.

    Raises:
        ValueError: when it had a share.
    """
    rest = tuple(each for each in configuration.backends if each.name != name)
    return replace(configuration, backends=rest)
