"""The report pages that `llmops monitor` left, found among what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def looks(project: Path, endpoint: str) -> Mapping[str, Path]:
    """Return the pages on `<environment>/<endpoint>` by name; none that leads out of `reports/`."""
    reports = project / "reports"
    folder, root = reports / "monitoring", reports.resolve()
    return {
        page.parent.name: page
        for page in folder.glob("*/*/*/monitoring.html")
        if page.parent.parent.relative_to(folder).as_posix() == endpoint
        and page.is_file()
        and not page.is_symlink()
        and page.resolve().is_relative_to(root)
    }
