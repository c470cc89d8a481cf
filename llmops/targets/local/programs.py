"""What is run for the instances of a deployment: the processes of `llmops serve`, here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from llmops.targets.local.revision import DRAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from llmops.domain.deployment import Deployment, Place
    from llmops.domain.traffic import Address
    from llmops.targets.local.revision import Revision
    from llmops.targets.local.specification import Settings


class Programs(Protocol):
    """What a supervisor is to keep alive for a revision."""

    def settings(self, deployment: Deployment) -> Mapping[str, str]:
        """Return what it depends on beyond the deployment's own settings."""
        ...

    def program(
        self, revision: Revision, place: Place, address: Address, names: Iterable[str]
    ) -> tuple[str, ...]:
        """Return the module and arguments of the instance at an address.

        `names` are the variables that it is handed.
        """
        ...


class ServeProcesses:
    """Implements `Programs`: each instance is a process of this installation."""

    def settings(self, deployment: Deployment) -> Mapping[str, str]:
        """Return nothing: the deployment says it all."""
        del deployment
        return {}

    def program(
        self, revision: Revision, place: Place, address: Address, names: Iterable[str]
    ) -> tuple[str, ...]:
        """See `Programs.program`."""
        del names
        settings = revision.specification.settings
        return (
            *("llmops", "serve", settings.folder, "--digest", settings.digest),
            *("--project", str(place.project)),
            *("--host", address.host, "--port", str(address.port)),
            *("--log-folder", str(log_folder(place, revision.name))),
            *serving_options(revision.name, settings),
        )


def log_folder(place: Place, name: str) -> Path:
    """Return where the production log of a deployment is."""
    return place.project / "reports" / "production" / place.environment / place.endpoint / name


def serving_options(name: str, settings: Settings) -> tuple[str, ...]:
    """Return the options of `llmops serve` that are the same wherever it runs."""
    return (
        *("--deployment", name, "--log-sample", str(settings.log_sample)),
        *("--workers", str(settings.workers)),
        *("--concurrency", str(settings.concurrency), "--queue", str(settings.queue)),
        *("--timeout", str(settings.timeout_seconds)),
        *("--grace", str(settings.timeout_seconds + DRAIN_SECONDS)),
    )
