"""Where runs are: `reports/<experiment>/<run id>/`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from llmops.errors import ConfigError, Fault
from llmops.store.writer import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path


def runs(reports: Path) -> tuple[Path, ...]:
    """Return the folders of all runs, oldest first."""
    return tuple(path.parent for path in sorted(reports.glob(f"*/*/{MANIFEST}"), key=_created))


def find_run(project: Path, name: str) -> Path:
    """Return the folder of a run: `<experiment>/<run id>`, a run id, a path, or `latest`.

    Raises:
        ConfigError: naming the newest runs there are.
    """
    known = runs(project / "reports")
    if name == "latest" and known:
        return known[-1]
    for folder in (project / name, project / "reports" / name):
        if (folder / MANIFEST).is_file():
            return folder
    same_id = [folder for folder in known if folder.name == name]
    if len(same_id) == 1:
        return same_id[0]
    newest = ", ".join(f"{folder.parent.name}/{folder.name}" for folder in reversed(known[-5:]))
    fault = Fault(
        where=name,
        seen="no such run",
        allowed=f"the newest are: {newest}" if newest else "there is no run yet",
        next_step="" if newest else "llmops run experiments/<name>",
    )
    raise ConfigError([fault])


def _created(manifest: Path) -> tuple[str, str]:
    """Sort by the time in the manifest: a copied folder has a new file time."""
    try:
        content = cast("dict[str, object]", json.loads(manifest.read_bytes()))
    except (OSError, ValueError):
        return "", str(manifest)
    return str(content.get("created", "")), str(manifest)
