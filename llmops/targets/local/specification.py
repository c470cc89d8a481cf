"""What a revision of a deployment was started with, so that it is known again."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  read at run time, to check the file
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from llmops.targets.local.handed import is_fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmops.domain.deployment import Deployment
    from llmops.targets.local.programs import Programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What its processes depend on; of variables only the names.

    `programs` is what `Programs.settings` adds.
    """

    release: str
    digest: str
    folder: str
    workers: int
    instances: int
    concurrency: int
    queue: int
    timeout_seconds: float
    log_sample: float
    variables: tuple[str, ...]
    secrets: Mapping[str, str]
    programs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """The settings, the ports of its instances and the fingerprint of what they were handed."""

    settings: Settings
    ports: tuple[int, ...]
    fingerprint: str

    def differences(self, stated: Settings, values: Mapping[str, str]) -> Iterator[str]:
        """Yield what is stated otherwise, one line each; no value is shown."""
        for each in fields(Settings):
            there, then = getattr(self.settings, each.name), getattr(stated, each.name)
            if there != then:
                yield f"{each.name}: {there} -> {then}"
        if not is_fingerprint(self.fingerprint, values):
            yield "environment: a variable or a secret has another value"


def settings_of(deployment: Deployment, programs: Programs) -> Settings:
    """Return what the programs of a deployment depend on."""
    return Settings(
        release=deployment.release.label,
        digest=deployment.release.digest,
        folder=str(deployment.folder),
        workers=deployment.workers,
        instances=deployment.instances,
        concurrency=deployment.concurrency,
        queue=deployment.queue,
        timeout_seconds=deployment.timeout_seconds,
        log_sample=deployment.log_sample,
        variables=tuple(sorted(deployment.variables)),
        secrets=dict(sorted(deployment.secrets.items())),
        programs=programs.settings(deployment),
    )
