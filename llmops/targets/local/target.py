"""The section `target: {kind: local}` of a `deployment.yaml`."""

from __future__ import annotations

import re
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from llmops.domain.deployment import Resources
from llmops.targets.local.handed import KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from llmops.domain.deployment import Deployment, Place, Routing, Target

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class LocalTarget(BaseModel):
    """Serve on this machine, by processes that outlive the command."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: Literal["local"]
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """The address that clients use; 0.0.0.0 for all of this machine's."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    """Its port; 0: any free one, which the endpoint keeps."""
    router: Literal["gateway", "haproxy"] = "gateway"
    """What shares the requests out: our gateway, or HAProxy where it is installed."""

    def faults(self, deployment: Deployment) -> Sequence[str]:
        """Return what cannot be done here."""
        return tuple(_faults(deployment))

    def routing_faults(self, routing: Routing) -> Sequence[str]:
        """Return what the router cannot do."""
        if self.router == "haproxy" and any(routing.mirror.values()):
            return ("mirror: HAProxy sends no copies; router: gateway does",)
        return ()

    @asynccontextmanager
    async def open(self, place: Place) -> AsyncGenerator[Target]:
        """Give the endpoint; nothing is started or changed by that."""
        from aiohttp import ClientSession

        from llmops.targets.local.endpoint import LocalEndpoint
        from llmops.targets.local.endpoint_folder import endpoint_folder
        from llmops.targets.local.programs import ServeProcesses

        async with ClientSession() as session:
            folder = endpoint_folder(place, self.host, self.port, self.router)
            yield LocalEndpoint(folder=folder, programs=ServeProcesses(), session=session)


def _faults(deployment: Deployment) -> Iterator[str]:
    if sys.platform == "win32":
        yield "target: local needs Linux or macOS"
    yield from shared_faults(deployment)
    if deployment.resources != Resources():
        yield "resources: processes of this machine are not limited; leave resources out here"


def shared_faults(deployment: Deployment) -> Iterator[str]:
    """Yield what cannot be done behind a gateway of this machine, by whatever program."""
    for where, name in (("endpoint", deployment.endpoint), ("name", deployment.name)):
        if not _NAME.fullmatch(name):
            yield f"{where}: {name!r}; allowed: letters, digits, . _ -, at most 63"
    if KEY_VARIABLE in deployment.variables:
        yield f"variables.{KEY_VARIABLE}: written out; put it under secrets"
