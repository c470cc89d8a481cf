"""The kinds of flow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from llmops.errors import ConfigError, Fault
from llmops.flows.dag.dag_flow import DagFlow
from llmops.flows.flex.flex_flow import FLEX_FILE, FlexFlow
from llmops.flows.prompty.prompty_flow import PromptyFlow

if TYPE_CHECKING:
    from llmops.domain.flow import Flow

DAG_FILE: Final = "flow.dag.yaml"
_ALLOWED: Final = (
    f"allowed: a folder with {DAG_FILE} or {FLEX_FILE}, one of these files, a .prompty file, "
    "a .py file (`file.py` or `file.py:function`)"
)


def load_flow(path: Path, entry: str = "") -> Flow:
    """Return the flow at a folder or a file; its content is read when it is asked for.

    `entry` names the function or class of a Python file that has several.

    Raises:
        ConfigError: when there is no flow of a known kind.
    """
    file = _file(path.resolve())
    label = _label(file)
    if entry and file.suffix != ".py":
        seen = f"{entry!r} in a file that is no Python"
        raise ConfigError([Fault(where=label, seen=seen, allowed=_ALLOWED)])
    if file.name.endswith(".dag.yaml"):
        return DagFlow(file, label)
    if file.name.endswith(".flex.yaml") or file.suffix == ".py":
        return FlexFlow(file, label, entry)
    if file.suffix == ".prompty":
        return PromptyFlow(file, label)
    raise ConfigError([Fault(where=label, seen="no known kind of flow", allowed=_ALLOWED)])


def _file(path: Path) -> Path:
    """Return the file that describes the flow."""
    if not path.exists():
        raise ConfigError([Fault(where=_label(path), seen="no such file", allowed=_ALLOWED)])
    if not path.is_dir():
        return path
    found = [path / name for name in (DAG_FILE, FLEX_FILE) if (path / name).exists()]
    if len(found) != 1:
        seen = "both kinds of flow" if found else f"no {DAG_FILE} and no {FLEX_FILE}"
        raise ConfigError([Fault(where=_label(path), seen=seen, allowed=_ALLOWED)])
    return found[0]


def _label(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
