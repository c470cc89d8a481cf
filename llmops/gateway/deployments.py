"""The deployments behind the gateway: who is up, who has how much in work, who is next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.gateway.instances import Instance
from llmops.gateway.round_robin import SmoothRoundRobin
from llmops.gateway.stickiness import preferred

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmops.domain.traffic import Backend, GatewayConfiguration


@dataclass(slots=True)
class Deployment:
    """A deployment and its instances, in the order of the configuration."""

    backend: Backend
    instances: tuple[Instance, ...]
    _turns: int = 0

    def next(self, without: Sequence[Instance] = ()) -> Instance | None:
        """Return the healthy instance with the least in work, of those the one idle for longest."""
        able = [each for each in self.instances if each.up and each not in without]
        if not able:
            return None
        return able[0] if len(able) == 1 else min(able, key=_pressure)

    def take_turn(self, instance: Instance) -> None:
        """Note that this instance is the last that was taken."""
        self._turns += 1
        instance.turn = self._turns


def _pressure(instance: Instance) -> tuple[int, int]:
    return instance.in_flight, instance.turn


@dataclass(slots=True)
class Deployments:
    """Those of the configuration, and instances that left it with requests in work."""

    configuration: GatewayConfiguration
    active: dict[str, Deployment] = field(default_factory=dict[str, Deployment])
    _leaving: list[Instance] = field(default_factory=list[Instance])
    _turns: SmoothRoundRobin = field(init=False)

    def __post_init__(self) -> None:
        """Begin with all of them."""
        self._turns = SmoothRoundRobin(self.configuration.split.percent)
        self.apply(self.configuration)

    @property
    def leaving(self) -> list[Instance]:
        """Return those that get no more requests and still work on some."""
        self._leaving = [each for each in self._leaving if each.in_flight]
        return self._leaving

    def instances(self) -> Iterator[Instance]:
        """Yield every instance of the configuration."""
        for deployment in self.active.values():
            yield from deployment.instances

    def apply(self, configuration: GatewayConfiguration) -> None:
        """Let the next request follow the configuration; those in work stay where they are.

        An instance that stays keeps what is known of it. Turns go on where the shares are as
        they were: saying the same again moves nothing.
        """
        known = {(each.deployment, each.address): each for each in self.instances()}
        self.active = {
            backend.name: Deployment(
                backend,
                tuple(
                    known.pop((backend.name, address), None) or Instance(backend.name, address)
                    for address in backend.addresses
                ),
            )
            for backend in configuration.backends
        }
        self._leaving = [*self.leaving, *known.values()]
        if configuration.split != self.configuration.split:
            self._turns = SmoothRoundRobin(configuration.split.percent)
        self.configuration = configuration

    def choose(self, key: str, without: Sequence[Instance] = ()) -> Instance | None:
        """Return who is to answer: up, with a share, not among those to do without; else None.

        Where some were tried, another instance of the same deployment comes before another
        deployment. A key fixes the deployment, not the instance.
        """
        instance = self._sibling(without) or self._first(key, without)
        if instance:
            self.active[instance.deployment].take_turn(instance)
        return instance

    def _sibling(self, tried: Sequence[Instance]) -> Instance | None:
        deployment = self.active.get(tried[-1].deployment) if tried else None
        return deployment.next(tried) if deployment and deployment.backend.percent else None

    def _first(self, key: str, without: Sequence[Instance]) -> Instance | None:
        able = {
            name: instance
            for name, each in self.active.items()
            if each.backend.percent and (instance := each.next(without))
        }
        if not able:
            return None
        if key:
            return able[preferred(key, {name: self._percent(name) for name in able})]
        return able[self._turns.choose(tuple(able))]

    def _percent(self, name: str) -> int:
        return self.active[name].backend.percent
