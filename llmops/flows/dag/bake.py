"""Writes a flow with one configuration as its only one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, cast

from llmops.errors import ConfigError, Fault
from llmops.flows.dag.reference import Literal, parse_value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.configuration import Configuration
    from llmops.flows.dag.folder import FlowFolder

_MODEL_NAMES = ("model", "deployment_name")


def copy_files(folder: FlowFolder, target: Path) -> None:
    """Copy the flow's files with its includes beside them, as its tools find them."""
    merged = folder.merged
    for name in folder.files:
        source = merged / name
        if source.is_file():
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)


def baked(file: Mapping[str, Any], configuration: Configuration, label: str) -> dict[str, Any]:
    """Return the file's content with the chosen variants and parameters, and no others.

    Raises:
        ConfigError: when a parameter's text would be read as a reference.
    """
    variants: dict[str, Any] = file.get("node_variants") or {}
    nodes: list[dict[str, Any]] = []
    for node in cast("list[dict[str, Any]]", file["nodes"]):
        name = node["name"]
        if node.get("use_variants"):
            choices = variants[name]
            by_id = {str(each): variant for each, variant in choices["variants"].items()}
            chosen = configuration.variants.get(str(name), choices["default_variant_id"])
            nodes.append({"name": name, **by_id[str(chosen)]["node"]})
        else:
            nodes.append({**node})
    by_name = {str(node["name"]): node for node in nodes}
    for key, value in configuration.parameters.items():
        name, _, entry = key.partition(".")
        if isinstance(value, str) and not isinstance(parse_value(value), Literal):
            seen = f"{value!r} would be read as a reference"
            raise ConfigError([Fault(where=f"{label}: parameters.{key}", seen=seen)])
        _set(by_name[name], entry, value)
    kept = {
        key: value
        for key, value in file.items()
        if key not in ("node_variants", "additional_includes")
    }
    return {**kept, "nodes": nodes}


def _set(node: dict[str, Any], entry: str, value: object) -> None:
    if entry == "connection" and node.get("type") == "llm":
        node["connection"] = value
        return
    inputs = {**cast("dict[str, object]", node.get("inputs") or {}), entry: value}
    if node.get("type") == "llm" and entry in _MODEL_NAMES:
        inputs |= {other: value for other in _MODEL_NAMES if other in inputs}
    node["inputs"] = inputs
