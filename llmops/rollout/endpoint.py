"""One endpoint while a command changes it: what the ledger says, what the target has."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops import ledger
from llmops.deployment import load_deployment
from llmops.domain.deployment import Place, Routing
from llmops.domain.endpoint_history import Change, Recorded, history
from llmops.errors import ApprovalError, LLMOpsError, TargetError
from llmops.evidence import author
from llmops.experiment.environment import read_variables
from llmops.registries.catalogue import registered
from llmops.store import exclusive
from llmops.store.appending import cannot_write

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Sequence
    from pathlib import Path

    from llmops.deployment import DeploymentFile
    from llmops.domain.deployment import Target
    from llmops.domain.ledger import LedgerRecord, Verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Which endpoint a command is about; `overrides` are `a.b=value`."""

    project: Path
    experiment: str
    environment: str
    overrides: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The endpoint of an experiment in an environment."""

    project: Path
    file: DeploymentFile
    target: Target

    @property
    def label(self) -> str:
        """Return what the ledger calls it: `<environment>/<endpoint>`."""
        return f"{self.file.environment}/{self.file.endpoint}"

    @property
    def untouched(self) -> Change:
        """Return the endpoint before its first deployment."""
        routing = Routing(sticky=self.file.traffic.sticky)
        kind = self.file.target.kind
        return Change(endpoint=self.label, target=kind, releases={}, routing=routing)

    def latest(self) -> Recorded | None:
        """Return the last change; None before the first.

        Raises:
            ApprovalError, TargetError: as `sound_history`.
        """
        changes = self.sound_history()
        return changes[-1] if changes else None

    def sound_history(self) -> tuple[Recorded, ...]:
        """Return all changes, the latest last.

        Raises:
            ApprovalError: when the ledger is broken: nobody knows what should be.
            TargetError: as `history`.
        """
        verified = ledger.verify(self.project)
        if verified.breaks:
            raise ApprovalError("\n".join(map(str, verified.breaks)))
        return self._changes(verified)

    def history(self) -> tuple[Recorded, ...]:
        """Return all changes that can be read in the ledger, the latest last.

        Raises:
            TargetError: when what is deployed is on another target than the file says.
        """
        return self._changes(ledger.verify(self.project))

    def _changes(self, verified: Verified) -> tuple[Recorded, ...]:
        changes = history(verified.records, self.label)
        stated = self.file.target.kind
        if changes and (now := changes[-1].change).releases and now.target != stated:
            raise TargetError(
                f"{self.label}: it is on {now.target}, and {self.file.label} says {stated}; "
                f"llmops delete --all --set target.kind={now.target} first"
            )
        return changes

    def stage(self, change: Change, after: Recorded | None) -> Recorded:
        """Record a change that moves no request; what is recorded is not recorded again.

        `after` is the change that this one was made from.

        Raises:
            TargetError: when somebody has changed the endpoint since.
            ApprovalError: when the ledger is broken, or a release was deleted.
        """
        with self._alone(change, after) as latest:
            return latest if latest and latest.change.is_as(change) else self._record(change)

    async def follow(self, change: Change, after: Recorded | None) -> None:
        """Share requests out as the change says and record it; what is done is not done again.

        What cannot be recorded does not hold, but for a rollback: the way back must be open.

        Raises:
            TargetError: when somebody has changed the endpoint since, or the target refuses.
            ApprovalError: when the ledger is broken, or a release was deleted.
        """
        with self._alone(change, after) as latest:
            before = (await self.target.state()).routing
            if not before.is_as(change.routing):
                await self.target.route(change.routing)
            if (latest.change if latest else self.untouched).is_as(change):
                return
            try:
                self._record(change)
            except LLMOpsError as error:
                done = "traffic goes as asked, and the ledger does not have it"
                if change.kind != "rollback":
                    await self.target.route(before)
                    done = "traffic is as it was"
                raise type(error)(f"{self.label}: {done}: {error}") from error

    def _record(self, change: Change) -> Recorded:

        def refuse_deleted(records: tuple[LedgerRecord, ...]) -> None:
            if gone := {*change.releases.values()} - registered(records).keys():
                raise ApprovalError(f"{self.label}: no such release: {', '.join(sorted(gone))}")

        actor = author(self.project) or "unknown"
        entry = ledger.append(self.project, change.kind, change.body, actor, check=refuse_deleted)
        return Recorded(sequence=entry.sequence, time=entry.time, change=change)

    @contextmanager
    def _alone(self, change: Change, after: Recorded | None) -> Generator[Recorded | None]:
        """Let one command at a time change endpoints; give the last change of this one.

        Somebody else may have made the same change meanwhile, and no other.
        """
        lock = self.project / "reports" / "endpoints" / "endpoints.lock"
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            lock.touch()
        except OSError as error:
            step = "nothing was changed; mend this and do the same again"
            raise cannot_write(lock, error, step) from error
        with exclusive(lock):
            changes = self.history()
            latest = changes[-1] if changes else None
            if latest != after and not (latest and latest.change.is_as(change)):
                number = latest.sequence if latest else 0
                raise TargetError(
                    f"{self.label}: somebody has changed it meanwhile (ledger record {number}); "
                    "look at llmops status and do it again"
                )
            yield latest


@asynccontextmanager
async def open_endpoint(address: Address) -> AsyncGenerator[Endpoint]:
    """Open the endpoint that the experiment's deployment file describes.

    Raises:
        ConfigError: with every fault of the file.
        TargetError: when the target cannot be reached.
    """
    project = address.project
    file = load_deployment(
        project, address.experiment, address.environment, overrides=address.overrides
    )
    place = Place(
        project=project,
        environment=file.environment,
        endpoint=file.endpoint,
        variables=read_variables(project),
    )
    async with file.target.open(place) as target:
        yield Endpoint(project=project, file=file, target=target)
