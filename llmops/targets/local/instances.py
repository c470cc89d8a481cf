"""What the instances of a revision say of themselves."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import aiohttp

from llmops.concurrency import together
from llmops.domain.deployment import DeploymentState, Reply
from llmops.errors import TargetError
from llmops.targets.local.supervised import POLL_SECONDS

if TYPE_CHECKING:
    from llmops.domain.deployment import Probe, Status
    from llmops.domain.traffic import Address
    from llmops.redaction import Redactor
    from llmops.targets.local.revision import Revision

_PROBE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """The instances of one revision; `key` is what clients show, `redact` masks its secrets."""

    revision: Revision
    session: aiohttp.ClientSession
    key: str
    redact: Redactor

    async def until_ready(self, probe: Probe) -> None:
        """Wait until each says that it is ready and what it serves.

        Raises:
            TargetError: as soon as one ends, or when it takes too long.
        """
        endings = [each.endings for each in self.revision.supervised.processes]
        reasons: tuple[str, ...] = ()
        try:
            async with asyncio.timeout(probe.startup_seconds):
                while reasons := await self.reasons(probe.path):
                    self._require_they_live(endings)
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            seen = f"not ready within {probe.startup_seconds:g} s"
            why = ", ".join(reasons)
            raise TargetError(f"{self.revision.name}: {seen}: {why}{self._said(1)}") from None

    async def reasons(self, path: str) -> tuple[str, ...]:
        """Return why it is not ready, a line for each instance that is not; empty when it is."""
        addresses = self.revision.addresses
        found = await together([self._reason(address, path) for address in addresses])
        return tuple(
            f"instance {number} of {len(addresses)} {reason}"
            for number, reason in enumerate(found, start=1)
            if reason
        )

    async def state(self, path: str) -> DeploymentState:
        """Return how it is; `path` is what its probe asks for."""
        settings = self.revision.specification.settings
        status, detail = await self._status(path)
        return DeploymentState(
            name=self.revision.name,
            release=settings.release,
            digest=settings.digest,
            status=status,
            detail=detail,
        )

    async def _status(self, path: str) -> tuple[Status, str]:
        supervised = self.revision.supervised
        if not supervised.is_supervised:
            return "failed", "its processes have ended; deploy it again"
        down = [
            f"instance {number} {each.ending}{self._said(number)}"
            for number, each in enumerate(supervised.processes, start=1)
            if not each.pid
        ]
        if down:
            return "failed", "\n".join(down)
        reasons = await self.reasons(path)
        return ("starting", ", ".join(reasons)) if reasons else ("ready", "")

    async def ask(self, body: bytes) -> Reply:
        """Return the answer of the first instance that can be reached.

        Raises:
            TargetError: when none can.
        """
        reason = ""
        for address in self.revision.addresses:
            try:
                return await self._request("POST", address, "/score", body)
            except (aiohttp.ClientError, OSError) as error:
                reason = str(error) or type(error).__name__
        raise TargetError(f"{self.revision.name}: does not answer: {reason}{self._said(1)}")

    async def _reason(self, address: Address, path: str) -> str:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                ready = await self._request("GET", address, path)
                if ready.status != 200:
                    said = ready.content[:200].decode("utf-8", "replace").strip()
                    return f"answers {path} with {ready.status}: {said}"
                version = await self._request("GET", address, "/version")
        except TimeoutError:
            return f"does not answer {path} within {_PROBE_SECONDS:g} s"
        except (aiohttp.ClientError, OSError):
            return f"does not answer {path}"
        if _digest(version) != self.revision.specification.settings.digest:
            return f"is not there: something else answers at {address}"
        return ""

    async def _request(
        self, method: str, address: Address, path: str, body: bytes | None = None
    ) -> Reply:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        timeout = aiohttp.ClientTimeout(total=self.revision.grace_seconds)
        url = f"http://{address}{path}"
        async with self.session.request(
            method, url, data=body, headers=headers, timeout=timeout
        ) as answer:
            return Reply(status=answer.status, content=await answer.read())

    def _require_they_live(self, endings: list[int]) -> None:
        supervised = self.revision.supervised
        if not supervised.is_supervised:
            raise TargetError(f"{self.revision.name}: its supervisor was killed; deploy it again")
        for number, each in enumerate(supervised.processes, start=1):
            if each.endings > (endings[number - 1] if endings else 0):
                seen = f"instance {number} {each.ending} before it was ready"
                raise TargetError(f"{self.revision.name}: {seen}{self._said(number)}")

    def _said(self, number: int) -> str:
        """Return the end of what an instance has logged, and where the rest is."""
        supervised = self.revision.supervised
        words = supervised.last_words(number, self.redact)
        return f"; {supervised.log(number)} ends with:{words}" if words else ""


def _digest(version: Reply) -> object:
    try:
        said: object = json.loads(version.content)
    except ValueError:
        return None
    return cast("dict[str, object]", said).get("digest") if isinstance(said, dict) else None
