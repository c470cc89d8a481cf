"""One endpoint on this machine: what the verbs do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmops.domain.deployment import DeploymentState, EndpointState
from llmops.errors import TargetError
from llmops.redaction import Redactor
from llmops.targets.local.handed import (
    KEY_VARIABLE,
    handed_values,
    require_what_it_needs,
    secret_values,
)
from llmops.targets.local.instances import Instances
from llmops.targets.local.revision import new_revision
from llmops.targets.local.routing import connected, requested, routed, routing_of, without
from llmops.targets.local.specification import settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import ClientSession

    from llmops.domain.deployment import Deployment, Place, Reply, Routing
    from llmops.targets.local.endpoint_folder import EndpointFolder
    from llmops.targets.local.gateway_process import GatewayProcess
    from llmops.targets.local.programs import Programs
    from llmops.targets.local.revision import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEndpoint:
    """See `domain.deployment.Target`."""

    folder: EndpointFolder
    programs: Programs
    session: ClientSession

    async def state(self) -> EndpointState:
        """See `Target.state`."""
        gateway, names = await self._gateway.find(), self.folder.names
        return EndpointState(
            address=gateway.address if gateway else "",
            fault="no gateway answers; deploy again" if names and not gateway else "",
            deployments=tuple([await self._state(name) for name in names]),
            routing=routing_of(self._gateway.configuration),
        )

    async def changes(self, deployment: Deployment) -> Sequence[str]:
        """See `Target.changes`."""
        require_what_it_needs(deployment, self._place)
        self._gateway.require_possible()
        return (*self._changes(deployment), *self._gateway.changes())

    async def put(self, deployment: Deployment) -> None:
        """See `Target.put`; a revision that runs as stated is waited for and left alone."""
        require_what_it_needs(deployment, self._place)
        async with self.folder.changing(deployment.name):
            self._gateway.require_possible()
            try:
                revision = self._running(deployment) or self._started(deployment)
                await self._instances(revision).until_ready(deployment.probe)
                async with self.folder.changing():
                    await self._connect(deployment, revision)
            finally:
                await self._end_what_gets_no_requests(deployment.name)

    async def ask(self, name: str, body: bytes) -> Reply:
        """See `Target.ask`."""
        if revision := self.folder.current(name):
            return await self._instances(revision).ask(body)
        raise self.folder.unknown(name)

    async def route(self, routing: Routing) -> None:
        """See `Target.route`."""
        async with self.folder.changing():
            before = self._gateway.configuration
            named = {*requested(routing.percent), *requested(routing.mirror)}
            if unknown := named - {each.name for each in before.backends}:
                raise self.folder.unknown(*sorted(unknown))
            if named and not self._gateway.supervised.is_supervised:
                raise TargetError(f"{self.folder.label}: no gateway runs; deploy again first")
            try:
                after = routed(before, routing)
            except ValueError as error:
                raise TargetError(f"{self.folder.label}: {error}") from None
            await self._gateway.apply(after)

    async def remove(self, name: str) -> None:
        """See `Target.remove`.

        Raises:
            TargetError: when it has a share of the requests.
        """
        if name not in self.folder.names:
            return
        async with self.folder.changing(name):
            async with self.folder.changing():
                await self._disconnect(name)
            await self._end_what_gets_no_requests(name)

    async def close_endpoint(self) -> None:
        """See `Target.close_endpoint`."""
        if not self.folder.path.is_dir():
            return
        async with self.folder.changing():
            if names := self.folder.names:
                seen = f"{', '.join(names)} is still there"
                raise TargetError(f"{self.folder.label}: {seen}; remove it first")
            await self._gateway.close()

    @property
    def _gateway(self) -> GatewayProcess:
        return self.folder.gateway

    @property
    def _place(self) -> Place:
        return self.folder.place

    async def _state(self, name: str) -> DeploymentState:
        if revision := self.folder.current(name):
            return await self._instances(revision).state(self._gateway.configuration.health.path)
        detail = "its processes are gone; deploy it again"
        return DeploymentState(name=name, release="", digest="", status="failed", detail=detail)

    def _changes(self, deployment: Deployment) -> Sequence[str]:
        revision = self.folder.current(deployment.name)
        if revision is None:
            return (f"new, {deployment.release.label}, at 0 %",)
        values = handed_values(deployment, self._place)
        stated = settings_of(deployment, self.programs)
        differences = [*revision.specification.differences(stated, values)]
        if not revision.runs:
            differences.append("it does not run: starts again")
        before = self._gateway.configuration
        if not differences and connected(before, deployment, revision.addresses) != before:
            differences.append("gateway: is told of it anew")
        return differences

    def _running(self, deployment: Deployment) -> Revision | None:
        """Return the newest revision that runs as stated."""
        values = handed_values(deployment, self._place)
        stated = settings_of(deployment, self.programs)
        for each in reversed(self.folder.revisions(deployment.name)):
            if each.runs and not any(each.specification.differences(stated, values)):
                return each
        return None

    def _started(self, deployment: Deployment) -> Revision:
        values = handed_values(deployment, self._place)
        settings = settings_of(deployment, self.programs)
        revision = new_revision(self.folder.path / deployment.name, settings, values)
        revision.start(self._place, self.programs, values)
        return revision

    def _instances(self, revision: Revision) -> Instances:
        settings = revision.specification.settings
        values = secret_values(Path(settings.folder), settings.secrets, self._place)
        return Instances(
            revision=revision,
            session=self.session,
            key=values.get(KEY_VARIABLE, ""),
            redact=Redactor(values.values()),
        )

    async def _connect(self, deployment: Deployment, revision: Revision) -> None:
        """Have the gateway know the revision, at the share that the deployment has."""
        await self._gateway.ensure()
        before = self._gateway.configuration
        if (after := connected(before, deployment, revision.addresses)) != before:
            await self._gateway.apply(after)

    async def _disconnect(self, name: str) -> None:
        before = self._gateway.configuration
        if share := routing_of(before).percent.get(name):
            seen = f"{name} has {share} % of the requests"
            raise TargetError(f"{self.folder.label}: {seen}; give them to another first")
        if (after := without(before, name)) != before:
            await self._gateway.apply(after)

    async def _end_what_gets_no_requests(self, name: str) -> None:
        """End the revisions that the gateway does not know: replaced, removed, or never ready."""
        for revision in self.folder.revisions(name):
            if not self.folder.is_behind_gateway(revision):
                await self._gateway.until_left(revision.addresses, revision.grace_seconds)
                revision.supervised.release()
                await revision.supervised.until_ended(2 * revision.grace_seconds)
