"""What a run is judged by, as it is stated before the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmops.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Mapping


def preregistration(manifest: Mapping[str, Any]) -> dict[str, object]:
    """Return what the ledger keeps of a manifest before the run."""
    return {
        "analysis": manifest["analysis"],
        "digest": digest(manifest["analysis"]),
        "baseline": manifest["baseline"],
        "configurations": list(
            dict.fromkeys(trial["configuration"] for trial in manifest["trials"])
        ),
        "datasets": {each["name"]: each["sha256"] for each in manifest["datasets"]},
        "flow": manifest["flow"]["digest"],
    }


def changed_since(stated: Mapping[str, object], manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the parts of a manifest that are not as they were stated before the run."""
    try:
        now = preregistration(manifest)
    except (KeyError, TypeError, ValueError):  # not as any run wrote it
        return ("manifest",)
    return tuple(name for name in now if stated.get(name) != now[name])
