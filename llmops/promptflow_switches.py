"""What keeps promptflow quiet: it calls nobody, and writes to the cache folder only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from llmops.cache_folder import cache_folder

_VARIABLES: Final = {
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "PF_TRACING_SKIP_LOCAL_SETUP": "true",
}
"""Its tools' own tracing stays off, as is its default."""

_SETTINGS: Final = "telemetry:\n  enabled: false\ntrace:\n  destination: none\n"


def set_switches() -> None:
    """Set them; has an effect only before promptflow's first import."""
    home = Path(os.environ.setdefault("PF_HOME_DIRECTORY", str(cache_folder() / "promptflow")))
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "pf.yaml"
    if not settings.exists():
        settings.write_text(_SETTINGS, encoding="utf-8")
    for name, value in _VARIABLES.items():
        os.environ.setdefault(name, value)
