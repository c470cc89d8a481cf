"""The control side of a running gateway, for its owner.

A gateway that takes requests has a `control.json` in its folder. It may be a dead one's: who asks
for `status` learns that, for the token is a new one in each process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import aiohttp
from pydantic import TypeAdapter, ValidationError

from llmops.errors import TargetError
from llmops.gateway.configuration import dump_configuration, parse_configuration
from llmops.gateway.folder import CONTROL_FILE
from llmops.gateway.status import parse_status

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.traffic import GatewayConfiguration
    from llmops.gateway.status import RouterStatus

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayClient:
    """One gateway: `address` is where clients send requests, as a URL begins."""

    pid: int
    address: str
    control: str
    token: str = field(repr=False)

    async def apply(self, configuration: GatewayConfiguration) -> RouterStatus:
        """Have the gateway follow the configuration; it holds, and is on disk, on return.

        Requests in work are not disturbed: `leaving` of the answer has those whose deployment
        is gone.

        Raises:
            TargetError: when the gateway refuses it or cannot be reached.
        """
        body = dump_configuration(configuration)
        return parse_status(await self._ask("PUT", "configuration", body))

    async def configuration(self) -> GatewayConfiguration:
        """Return what holds now.

        Raises:
            TargetError: when the gateway cannot be reached.
        """
        return parse_configuration(await self._ask("GET", "configuration"), self.address)

    async def status(self) -> RouterStatus:
        """Return who is up and what is in work.

        Raises:
            TargetError: when the gateway cannot be reached.
        """
        return parse_status(await self._ask("GET", "status"))

    async def _ask(self, method: str, what: str, body: bytes | None = None) -> bytes:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.request(
                    method,
                    f"{self.control}/gateway/{what}",
                    data=body,
                    headers={"Authorization": f"Bearer {self.token}"},
                ) as answer,
            ):
                content = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            seen = f"does not answer: {str(error) or type(error).__name__}"
            raise TargetError(f"gateway {self.address}: {seen}; start it again") from error
        if answer.status != 200:
            seen = content.decode(errors="replace")
            raise TargetError(f"gateway {self.address}: refused with {answer.status}: {seen}")
        return content


_CLIENT: Final = TypeAdapter(GatewayClient)


def read(folder: Path) -> GatewayClient | None:
    """Return the folder's gateway; None where none has said that it takes requests.

    Raises:
        TargetError: when its `control.json` is not one.
    """
    file = folder / CONTROL_FILE
    try:
        return _CLIENT.validate_json(file.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except ValidationError as error:
        seen = f"{error.error_count()} faults, such as {error.errors()[0]['msg']}"
        raise TargetError(f"{file}: {seen}; remove it and start the gateway again") from None
