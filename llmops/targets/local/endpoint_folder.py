"""What is there of an endpoint: its folder below `reports/endpoints/`, read and locked."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmops.errors import LLMOpsError, TargetError
from llmops.targets.local.gateway_process import GatewayProcess
from llmops.targets.local.revision import wanted_revisions
from llmops.targets.local.supervised import locked, writing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from llmops.domain.deployment import Place
    from llmops.domain.traffic import Address
    from llmops.targets.local.gateway_process import Router
    from llmops.targets.local.revision import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFolder:
    """A folder for each deployment, one for the gateway, and the gateway's files."""

    place: Place
    gateway: GatewayProcess

    @property
    def path(self) -> Path:
        """Return where it is."""
        return self.gateway.folder

    @property
    def label(self) -> str:
        """Return how messages name the endpoint."""
        return f"{self.place.environment}/{self.place.endpoint}"

    @property
    def names(self) -> Sequence[str]:
        """Return the deployments that have processes or a place behind the gateway."""
        found = self.path.iterdir() if self.path.is_dir() else ()
        behind = {each.name for each in self.gateway.configuration.backends}
        return sorted(behind | {home.name for home in found if wanted_revisions(home)})

    def revisions(self, name: str) -> tuple[Revision, ...]:
        """Return the revisions of a deployment that are to run, oldest first."""
        return wanted_revisions(self.path / name)

    def current(self, name: str) -> Revision | None:
        """Return the revision that the gateway knows, or else the newest."""
        revisions = self.revisions(name)
        known = [each for each in revisions if self.is_behind_gateway(each)]
        return next(iter(known or reversed(revisions)), None)

    def is_behind_gateway(self, revision: Revision) -> bool:
        """Tell whether the gateway knows a revision."""
        known: set[Address] = set()
        for backend in self.gateway.configuration.backends:
            known.update(backend.addresses)
        return not known.isdisjoint(revision.addresses)

    def unknown(self, *names: str) -> TargetError:
        """Return the error of naming what is not there."""
        there = ", ".join(self.names) or "nothing"
        return TargetError(f"{self.label}: no deployment {', '.join(names)}; there is {there}")

    @asynccontextmanager
    async def changing(self, name: str = "") -> AsyncGenerator[None]:
        """Let one command at a time change a deployment, or with no name what the gateway does.

        A deployment may take minutes to start or to end; meanwhile others can be given requests.

        Raises:
            TargetError: when another does, or nothing can be written here.
        """
        folder = self.path / name
        with writing(folder):
            try:
                lock = await locked(folder)
            except LLMOpsError as error:
                seen = f"another command is changing {name or 'it'}"
                next_step = "wait for it to end, then repeat this one"
                raise TargetError(f"{self.label}: {seen}; {next_step}") from error
        try:
            yield
        finally:
            lock.release()


def endpoint_folder(place: Place, host: str, port: int, router: Router) -> EndpointFolder:
    """Return the folder of an endpoint, there or not; `host` and `port` are what clients use."""
    path = place.project / "reports" / "endpoints" / place.environment / place.endpoint
    gateway = GatewayProcess(folder=path, place=place, host=host, port=port, router=router)
    return EndpointFolder(place=place, gateway=gateway)
