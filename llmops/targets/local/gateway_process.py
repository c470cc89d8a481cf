"""The gateway of an endpoint: kept alive as deployments are, changed over its control side."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from llmops.domain.traffic import GatewayConfiguration
from llmops.errors import ConfigError, TargetError
from llmops.gateway import client
from llmops.gateway.configuration import read_configuration, write_configuration
from llmops.gateway.folder import CONFIGURATION_FILE
from llmops.targets.local.handed import gateway_environment
from llmops.targets.local.ports import free_port, why_taken
from llmops.targets.local.supervised import POLL_SECONDS, Supervised, Wanted, writing

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.deployment import Place
    from llmops.domain.traffic import Address
    from llmops.gateway.client import GatewayClient

Router = Literal["gateway", "haproxy"]
_START_SECONDS: Final = 60.0
_DRAIN_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayProcess:
    """`folder` is the endpoint's; `host` and `port` are what clients use, port 0 any."""

    folder: Path
    place: Place
    host: str
    port: int
    router: Router = "gateway"

    @property
    def supervised(self) -> Supervised:
        """Return its process; no deployment can have that name."""
        return Supervised(self.folder / ".gateway")

    @property
    def configuration(self) -> GatewayConfiguration:
        """Return what holds, or would once it is started; it is on disk before it holds.

        Raises:
            TargetError: when the file is not what a gateway wrote.
        """
        try:
            return read_configuration(self._file)
        except ConfigError as error:
            if not self._file.exists():
                return GatewayConfiguration(backends=())
            raise TargetError(f"{self.folder}: {error}; remove the file to begin anew") from None

    def changes(self) -> tuple[str, ...]:
        """Return what `ensure` would change, one line each."""
        where = f"{self.host}:{self.port or 'any free port'}"
        if not self.supervised.is_wanted:
            return (f"gateway: starts on {where}",)
        if not self._is_as_stated():
            return (f"gateway: starts again, on {where}",)
        return () if self.supervised.is_supervised else ("gateway: starts again",)

    async def find(self) -> GatewayClient | None:
        """Return the gateway if it answers."""
        found = client.read(self.folder)
        if found and self.supervised.is_supervised:
            try:
                await found.status()
            except TargetError:
                return None
            return found
        return None

    def require_possible(self) -> None:
        """Refuse to be where another is.

        Raises:
            TargetError: when the port is taken.
        """
        if self.port in (0, self._port_before()):
            return
        if reason := why_taken(self.host, self.port):
            next_step = "state another port, or 0 for any that is free"
            where = f"target: {self.host}:{self.port}"
            raise TargetError(f"{where}: cannot be used: {reason}; {next_step}")

    async def ensure(self) -> None:
        """Have it run where it should, started where it is not there.

        Raises:
            TargetError: saying why it does not start.
        """
        if self.supervised.is_supervised and self._is_as_stated():
            await self._until_it_answers()
            return
        port = self.port or self._port_before() or free_port(self.host)
        await self._end()
        if not self._file.exists():
            self._write(GatewayConfiguration(backends=()))
        self.supervised.start(self._wanted(port), gateway_environment(self.place))
        try:
            await self._until_it_answers()
        except TargetError:
            await self._end()
            raise

    async def apply(self, configuration: GatewayConfiguration) -> None:
        """Have the configuration hold, from the next request on; without a gateway, once it starts.

        Raises:
            TargetError: when the gateway refuses it, or says that something else holds.
        """
        if not self.supervised.is_supervised:
            self._write(configuration)
            return
        if self._reads_at_start_only(configuration):
            await self._end()
            self._write(configuration)
            await self.ensure()
            return
        gateway = await self._until_it_answers()
        await gateway.apply(configuration)
        if await gateway.configuration() != configuration:
            raise TargetError(f"gateway {gateway.address}: somebody else has just changed it")

    async def until_left(self, addresses: tuple[Address, ...], seconds: float) -> None:
        """Wait, for so long at most, until no request is in work at addresses that get no more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while gateway := await self.find():
                    if not (await gateway.status()).leaves(*addresses):
                        return
                    await asyncio.sleep(POLL_SECONDS)

    async def close(self) -> None:
        """End it, and forget what it was told; its log is kept."""
        await self._end()
        self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self.folder / CONFIGURATION_FILE

    def _wanted(self, port: int) -> Wanted:
        program = ("llmops.gateway", str(self.folder), "--router", self.router)
        program = (*program, "--host", self.host, "--port", str(port))
        grace = self.configuration.limits.grace_seconds + _DRAIN_SECONDS
        return Wanted(programs=(program,), working_folder=self.place.project, grace_seconds=grace)

    def _reads_at_start_only(self, configuration: GatewayConfiguration) -> bool:
        """Tell whether a HAProxy that answers nobody yet has to begin anew to follow this."""
        before = self.configuration
        now, then = (replace(each, backends=()) for each in (before, configuration))
        is_idle = not any(each.percent for each in before.backends)
        return self.router == "haproxy" and is_idle and now != then

    def _is_as_stated(self) -> bool:
        return self.supervised.wanted == self._wanted(self.port or self._port_before())

    def _port_before(self) -> int:
        """Return the port that it has, or had; 0 where there is none."""
        wanted = self.supervised.wanted
        return int(wanted.programs[0][-1]) if wanted else 0

    def _write(self, configuration: GatewayConfiguration) -> None:
        with writing(self.folder):
            write_configuration(self._file, configuration)

    async def _end(self) -> None:
        self.supervised.release()
        limits = self.configuration.limits
        await self.supervised.until_ended(limits.grace_seconds + 2 * _DRAIN_SECONDS)

    async def _until_it_answers(self) -> GatewayClient:
        before = sum(each.endings for each in self.supervised.processes)
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not (found := await self.find()):
                    self._require_it_has_not_ended(before)
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise TargetError(f"gateway: not there within {_START_SECONDS:g} s") from None
        return found

    def _require_it_has_not_ended(self, before: int) -> None:
        for each in self.supervised.processes:
            if each.endings > before:
                words = self.supervised.last_words(1, str)
                raise TargetError(f"gateway: {each.ending} before it was there:{words}")
