"""What a deployment file says, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.deployment.names import LABEL, label_from
from llmops.domain import deployment as domain
from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.deployment.model import DeploymentSettings
    from llmops.deployment.monitoring import MonitorSection
    from llmops.domain.release import Release
    from llmops.targets import AnyTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentFile:
    """How an experiment's releases are served in an environment.

    `label` is the file as people see it. `name` is the next deployment's, empty where the file
    names none; `stated_split` has percent by deployment. Both are only in the template's file.
    `notes` say which file was read where there was a choice, and what of it is not used.
    """

    label: str
    environment: str
    endpoint: str
    traffic: domain.TrafficPlan
    settings: DeploymentSettings
    name: str = ""
    stated_split: Mapping[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()

    @property
    def target(self) -> AnyTarget:
        """Return where it is served."""
        return self.settings.target

    @property
    def monitor(self) -> MonitorSection | None:
        """Return what is watched after a release; None where the file does not say."""
        return self.settings.monitor

    def deployment(self, release: Release, folder: Path, name: str = "") -> domain.Deployment:
        """Return a release as it is to be served here; the default name is `<release>-<number>`.

        Raises:
            ConfigError: for a name that no target can have, and all that this target cannot do.
        """
        chosen = name or self.name or label_from(release.label)
        faults: list[Fault] = []
        try:
            LABEL.check(chosen)
        except ValueError as error:
            faults.append(Fault(where="the deployment's name", seen=str(error)))
        deployment = self._deployment(release, folder, chosen)
        faults.extend(Fault(where=self.label, seen=each) for each in self.target.faults(deployment))
        if faults:
            raise ConfigError(faults)
        return deployment

    def _deployment(self, release: Release, folder: Path, name: str) -> domain.Deployment:
        settings = self.settings
        return domain.Deployment(
            endpoint=self.endpoint,
            name=name,
            release=release,
            folder=folder,
            instances=settings.instances,
            workers=settings.workers,
            concurrency=settings.concurrency,
            queue=settings.queue,
            timeout_seconds=settings.timeout_seconds,
            log_sample=settings.log_sample,
            resources=domain.Resources(**settings.resources.model_dump(exclude_none=True)),
            variables=settings.variables,
            secrets=settings.secrets,
            probe=domain.Probe(**settings.probe.model_dump()),
        )
