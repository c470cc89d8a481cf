"""What the processes of a deployment are handed in their environment, and nowhere else."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from typing import TYPE_CHECKING, Final

from llmops.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.deployment import Deployment, Place

KEY_VARIABLE: Final = "LLMOPS_SERVE_KEY"
"""The key that clients of a deployment have to show, where it has one."""
_REFERENCE: Final = re.compile(r"\$\{(?:env:)?([A-Za-z_]\w*)\}")
_PLAIN: Final = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV"})


def require_what_it_needs(deployment: Deployment, place: Place) -> None:
    """Refuse a deployment that could not start.

    Raises:
        TargetError: naming each secret without a value, or because the release is gone.
    """
    faults = [
        f"{deployment.name}: secrets.{name}: the variable {source} is undefined or empty; "
        f"the environment and .env were read; set {source}"
        for name, source in deployment.secrets.items()
        if not place.variables.get(source)
    ]
    if not (deployment.folder / "release.json").is_file():
        faults.append(f"release {deployment.release.label}: it is not in {deployment.folder}")
    if faults:
        raise TargetError("\n".join(faults))


def secret_values(folder: Path, references: Mapping[str, str], place: Place) -> dict[str, str]:
    """Return the variables that a release depends on, by name; those without a value are left out.

    They are the deployment's secrets, which are references, what the release's connections name,
    and the key.
    """
    connections = folder / "connections.json"
    text = connections.read_text("utf-8") if connections.exists() else ""
    sources = {name: name for name in (*_REFERENCE.findall(text), KEY_VARIABLE)} | {**references}
    return {
        name: place.variables[source]
        for name, source in sources.items()
        if source in place.variables
    }


def handed_values(deployment: Deployment, place: Place) -> dict[str, str]:
    """Return all that decides what a deployment does: its variables and its secret values."""
    known = secret_values(deployment.folder, deployment.secrets, place)
    return {**known, **deployment.variables}


def gateway_environment(place: Place) -> dict[str, str]:
    """Return what a gateway needs: it has no use for a secret."""
    return {
        name: value
        for name, value in place.variables.items()
        if name in _PLAIN or name.startswith("PYTHON")
    }


def new_fingerprint(values: Mapping[str, str]) -> str:
    """Return a mark by which the same values are known again and from which none can be told."""
    return _fingerprint(values, secrets.token_hex(16))


def is_fingerprint(mark: str, values: Mapping[str, str]) -> bool:
    """Tell whether the mark is that of these values."""
    return _fingerprint(values, mark.partition(":")[0]) == mark


def _fingerprint(values: Mapping[str, str], salt: str) -> str:
    """Return salt and digest; the digest is slow to make, so that guesses are."""
    text = json.dumps(sorted(values.items())).encode()
    return f"{salt}:{hashlib.scrypt(text, salt=salt.encode(), n=2**14, r=8, p=1).hex()}"
