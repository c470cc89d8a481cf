"""The containers of a deployment, as an engine is told to run them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.container_engine import IMAGE_LOGS, IMAGE_PORT, IMAGE_USER
from llmops.targets.container.limits import limits
from llmops.targets.local.programs import log_folder, serving_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmops.container_engine import Engine
    from llmops.domain.deployment import Deployment, Place
    from llmops.domain.traffic import Address
    from llmops.targets.local.revision import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers:
    """Implements `Programs`: each instance is a container, and a process that keeps it attached.

    So it ends with its supervisor, is started again by it, and what it says is in its log. Nothing
    but /tmp and the production log can be written to; values of variables are on no command line.
    """

    engine: Engine
    image: str

    def settings(self, deployment: Deployment) -> Mapping[str, str]:
        """Return what decides beside the deployment's own settings."""
        release = deployment.release
        image = self.image.replace("{name}", release.name.lower())
        return {
            "engine": self.engine.name,
            "image": image.replace("{number}", str(release.number)),
            "limits": " ".join(limits(deployment.resources)),
        }

    def program(
        self, revision: Revision, place: Place, address: Address, names: Iterable[str]
    ) -> tuple[str, ...]:
        """See `Programs.program`."""
        settings = revision.specification.settings
        name, image = _name(revision, address), settings.programs["image"]
        logs = log_folder(place, revision.name)
        return (
            *("llmops.targets.container.attached", self.engine.program, name, str(logs)),
            *(str(round(revision.grace_seconds)), image, settings.digest),
            *("run", "--rm", "--init", "--name", name),
            *("--label", f"llmops.endpoint={place.environment}/{place.endpoint}"),
            *("--label", f"llmops.deployment={revision.name}"),
            *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),  # noqa: S108  the container's own
            *("--security-opt", "no-new-privileges"),
            *self._user(),
            *settings.programs["limits"].split(),
            *("--publish", f"{address.host}:{address.port}:{IMAGE_PORT}"),
            *("--volume", f"{logs}:{IMAGE_LOGS}:z"),
            *(word for each in sorted(names) for word in ("--env", each)),
            image,
            *serving_options(revision.name, settings),
        )

    def _user(self) -> tuple[str, ...]:
        """Return whom the production log belongs to: who asks, but never root."""
        if os.geteuid() == 0:
            return ("--user", f"{IMAGE_USER}:{IMAGE_USER}")
        mapped = ("--userns", "keep-id") if self.engine.name == "podman" else ()
        return (*mapped, "--user", f"{os.geteuid()}:{os.getegid()}")


def _name(revision: Revision, address: Address) -> str:
    """Return a name that no other revision's container on this machine has."""
    mark = hashlib.sha256(str(revision.folder).encode()).hexdigest()[:12]
    return f"llmops-{revision.name}-{mark}-{address.port}"
