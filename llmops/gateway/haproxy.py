"""HAProxy in the place of the built-in gateway, under the same control side, for those who have it.

Shares, instances and deployments change over its runtime socket, without a reload. What else a
configuration says, HAProxy reads when it starts.
"""

from __future__ import annotations

import asyncio
import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from llmops.domain.traffic import Address
from llmops.errors import ConfigError, Fault, TargetError
from llmops.gateway.haproxy_configuration import (
    BACKEND,
    require_able,
    server_name,
    server_options,
    servers,
)
from llmops.gateway.status import DeploymentStatus, InstanceStatus, RouterStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.traffic import GatewayConfiguration

_DONE: Final = {"", "New server registered."}


@dataclass(slots=True)
class HAProxy:
    """A running HAProxy; `socket` is its runtime side."""

    configuration: GatewayConfiguration
    socket: Path

    def require_possible(self, configuration: GatewayConfiguration) -> None:
        """Refuse what HAProxy cannot do, or not while it runs.

        Raises:
            ConfigError: with every fault.
        """
        require_able(configuration, self.socket)
        now, then = (replace(each, backends=()) for each in (self.configuration, configuration))
        if now != then:
            seen = "HAProxy changes shares and deployments while it runs, and nothing else"
            step = "end the gateway, change its file and start it again"
            raise ConfigError([Fault(where="configuration", seen=seen, next_step=step)])

    async def apply(self, configuration: GatewayConfiguration) -> None:
        """Add who is new, weigh all, put out who left; who grows does so before others shrink."""
        present, wanted = await self._servers(), servers(configuration)
        for name, (address, _) in wanted.items():
            server = f"{BACKEND}/{name}"
            if name not in present:
                await self._do(f"add server {server} {address} {server_options(configuration)}")
                await self._do(f"enable health {server}")
            await self._do(f"set server {server} state ready")
        for name, (_, weight) in sorted(wanted.items(), key=lambda each: -each[1][1]):
            await self._do(f"set server {BACKEND}/{name} weight {weight}")
        for name in present.keys() - wanted.keys():
            await self._do(f"set server {BACKEND}/{name} state maint")
            await self._say(f"del server {BACKEND}/{name}")  # later, while it has connections
        self.configuration = configuration

    async def status(self) -> RouterStatus:
        """Return who is up and what is in work."""
        present = await self._servers()
        deployments = tuple(
            DeploymentStatus(
                name=each.name,
                percent=each.percent,
                mirror_percent=0,
                instances=tuple(
                    _seen(address, present.pop(server_name(each, address)))
                    for address in each.addresses
                ),
            )
            for each in self.configuration.backends
        )
        leaving = (_seen(_address(name), seen) for name, seen in present.items())
        return RouterStatus(
            deployments=deployments, leaving=tuple(each for each in leaving if each.in_flight)
        )

    async def metrics(self) -> bytes:
        """Return nothing: HAProxy has a Prometheus exporter of its own."""
        return b""

    async def pid(self) -> int | None:
        """Return the process; None when none answers."""
        try:
            info = await self._say("show info")
        except (FileNotFoundError, ConnectionError):
            return None
        found = (line.partition(": ") for line in info.splitlines())
        return next((int(value) for name, _, value in found if name == "Pid"), None)

    async def _servers(self) -> dict[str, Mapping[str, str]]:
        lines = (await self._say("show stat")).removeprefix("# ").splitlines()
        return {
            row["svname"]: row
            for row in csv.DictReader(lines)
            if row["pxname"] == BACKEND and row["svname"] != "BACKEND"
        }

    async def _do(self, command: str) -> None:
        if (said := (await self._say(command)).strip()) not in _DONE:
            raise TargetError(f"haproxy: {command}: {said}")

    async def _say(self, command: str) -> str:
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        try:
            writer.write(f"{command}\n".encode())
            return (await reader.read()).decode()
        finally:
            writer.close()


def _seen(address: Address, row: Mapping[str, str]) -> InstanceStatus:
    up = row["status"].startswith(("UP", "no check"))
    return InstanceStatus(address=address, up=up, in_flight=int(row["scur"]))


def _address(name: str) -> Address:
    _, _, where = name.partition(":")
    host, _, port = where.rpartition(":")
    return Address(host=host, port=int(port))
