"""The section `target: {kind: container}` of a `deployment.yaml`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from llmops.targets.container.limits import resource_faults
from llmops.targets.local.target import shared_faults

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from llmops.domain.deployment import Deployment, Place, Routing, Target


class ContainerTarget(BaseModel):
    """Serve on this machine, by containers of the images that `llmops build` makes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: Literal["container"]
    engine: Literal["docker", "podman"] | None = None
    """Default: the first of them that can be used."""
    image: Annotated[str, Field(pattern=r"^\S+$")] = "{name}:{number}"
    """The image of a release, with its name and number put in."""
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """The address that clients use; 0.0.0.0 for all of this machine's."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    """Its port; 0: any free one, which the endpoint keeps."""

    def faults(self, deployment: Deployment) -> Sequence[str]:
        """Return what cannot be done here."""
        return (*shared_faults(deployment), *resource_faults(deployment.resources))

    def routing_faults(self, routing: Routing) -> Sequence[str]:
        """Return nothing: the gateway can do all of it."""
        del routing
        return ()

    @asynccontextmanager
    async def open(self, place: Place) -> AsyncGenerator[Target]:
        """Give the endpoint; nothing is started or changed by that."""
        from aiohttp import ClientSession

        from llmops.container_engine import find_engine
        from llmops.targets.container.containers import Containers
        from llmops.targets.local.endpoint import LocalEndpoint
        from llmops.targets.local.endpoint_folder import endpoint_folder

        engine = await find_engine(self.engine, among=("docker", "podman"))
        programs = Containers(engine=engine, image=self.image)
        async with ClientSession() as session:
            folder = endpoint_folder(place, self.host, self.port, "gateway")
            yield LocalEndpoint(folder=folder, programs=programs, session=session)
