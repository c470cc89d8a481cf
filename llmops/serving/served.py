"""What is served: a verified release, its step loaded, its connections complete but not open."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from llmops.domain.configuration import Configuration
from llmops.errors import ApprovalError
from llmops.experiment.environment import read_variables
from llmops.flows import load_flow
from llmops.redaction import Redactor
from llmops.registries.catalogue import Catalogue
from llmops.registries.folder import FILE, FolderRegistry, releases_folder
from llmops.serving.release_connections import read_connections
from llmops.serving.settings import KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.call import Connection
    from llmops.domain.flow import FlowInterface, Step
    from llmops.domain.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """`key` is what clients have to show, empty for none; `sample` are inputs that worked."""

    release: Release
    folder: Path
    interface: FlowInterface
    step: Step
    connections: tuple[Connection, ...]
    sample: Mapping[str, object]
    key: str
    redact: Redactor


def find_release(project: Path, label: str) -> tuple[Release, Path]:
    """Return a verified release and its folder: by its label, a tag or a stage, or the folder.

    A folder is for places without the project's ledger, such as a container; only its own digest
    is checked there.

    Raises:
        ConfigError: when there is no such release.
        ApprovalError: when it is not what was registered.
    """
    place = Path(label)
    if (place / FILE).is_file() and place.name.isdecimal():
        place = place.resolve()
        registry = FolderRegistry(root=place.parent.parent)
        return registry.load(place.parent.name, int(place.name)), place
    release = Catalogue(project=project, actor="").load(label)
    registry = FolderRegistry(root=releases_folder(project))
    return release, registry.folder(release.name, release.number)


def prepare(project: Path, label: str, digest: str = "") -> Served:
    """Return the release with its code loaded and its variables replaced.

    `digest` is the one that it has to have; empty: any.

    Raises:
        ConfigError: when there is none, with every variable that is missing.
        ApprovalError: when it is not what was registered.
    """
    sys.dont_write_bytecode = True  # a file beside the flow's would make it another release
    release, folder = find_release(project, label)
    if digest not in ("", release.digest):
        seen = f"it is another than was asked for: its digest is {release.digest}, not {digest}"
        raise ApprovalError(f"release {release.label}: {seen}")
    variables = read_variables(project)
    connections = read_connections(release, folder, project, variables)
    flow = load_flow(folder / release.flow)
    key = variables.get(KEY_VARIABLE, "")
    secrets = [secret for each in connections for secret in each.secrets]
    return Served(
        release=release,
        folder=folder,
        interface=flow.interface(),
        step=flow.configure(Configuration()),
        connections=connections,
        sample=_sample(folder),
        key=key,
        redact=Redactor([*secrets, key]),
    )


def _sample(folder: Path) -> Mapping[str, object]:
    """Return the request that the release was tried with."""
    path = folder / "sample-request.json"
    return cast("dict[str, object]", json.loads(path.read_bytes())) if path.exists() else {}
