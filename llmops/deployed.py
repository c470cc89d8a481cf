"""What the configuration that serves now measured in its own run, for gates against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops import ledger
from llmops.domain.endpoint_history import latest_changes
from llmops.errors import LLMOpsError
from llmops.gating import Unmeasured
from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.report import ConfigurationReport


def deployed(
    project: Path, experiment: str, environment: str = ""
) -> ConfigurationReport | Unmeasured | None:
    """Return the numbers of the experiment's deployment with the most traffic; None for none.

    Of several endpoints it is the one changed last; `environment` empty: in any environment.
    """
    records = ledger.verify(project).records
    registered = {
        str(entry.body["release"]): entry.body for entry in records if entry.kind == "release"
    }
    found: Mapping[str, object] | None = None
    for endpoint, latest in latest_changes(records).items():
        shares = latest.change.routing.percent
        serving = [name for name in latest.change.releases if shares.get(name)]
        if not serving or (environment and not endpoint.startswith(f"{environment}/")):
            continue
        name = max(serving, key=lambda each: shares[each])
        release = registered.get(latest.change.releases[name], {})
        if str(release.get("run", "")).partition("/")[0] == experiment:
            found = release
    return _measured(project, found) if found else None


def _measured(project: Path, release: Mapping[str, object]) -> ConfigurationReport | Unmeasured:
    label, run = release["release"], str(release["run"])
    folder = project / "reports" / run
    if not folder.is_dir():
        return Unmeasured(f"{label} is deployed, and its run {run} is not here")
    try:
        items = summarise(RunReader(folder)).configurations
    except LLMOpsError as error:
        return Unmeasured(f"{label} is deployed, and its run cannot be read: {error}")
    for item in items:
        if item.id == release.get("configuration"):
            return item
    return Unmeasured(f"{label} is deployed, and its run {run} does not have its configuration")
