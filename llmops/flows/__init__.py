"""The kinds of flow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from llmops.errors import ConfigError, Fault
from llmops.flows.dag.dag_flow import DagFlow

if TYPE_CHECKING:
    from llmops.domain.flow import Flow

DAG_FILE: Final = "flow.dag.yaml"


def load_flow(path: Path) -> Flow:
    """Return the flow at a folder or a file; its content is read when it is asked for.

    Raises:
        ConfigError: when there is no flow of a known kind.
    """
    path = path.resolve()
    file = path / DAG_FILE if path.is_dir() else path
    label = _label(file)
    if not file.exists():
        seen = f"no {DAG_FILE}" if path.is_dir() else "no such file"
        raise ConfigError(
            [Fault(where=_label(path), seen=seen, allowed=f"a folder with {DAG_FILE}")]
        )
    if not file.name.endswith(".dag.yaml"):
        allowed = f"allowed: a folder with {DAG_FILE}, or that file"
        raise ConfigError([Fault(where=label, seen="no known kind of flow", allowed=allowed)])
    return DagFlow(file, label)


def _label(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
