"""What ran: everything that a reader needs to repeat it, from the manifest."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`rows` go by the names shown, `datasets` and `packages` are the manifest's."""

    rows: Mapping[str, str]
    datasets: tuple[Mapping[str, Any], ...]
    packages: Mapping[str, str]
    configuration: str


def identity_of(manifest: Mapping[str, Any]) -> Identity:
    """Return what the manifest states; what it does not know is left out."""
    code = manifest["code"]
    command = manifest["command"]
    rows: dict[str, str | None] = {
        "Run": manifest["run_id"],
        "Started": manifest["created"],
        "Environment": manifest.get("env"),
        "Command": command if isinstance(command, str) else f"llmops {shlex.join(command)}",
        "Code": f"{code['commit']}{' with changes' if code['dirty'] else ''}" if code else None,
        "Python": f"{manifest['python']} on {manifest['platform']}",
        "Flow": _digested(manifest["flow"]),
    }
    for evaluator in manifest["evaluators"]:
        repeats = evaluator.get("repeats", 1)
        asked = f", asks {repeats} times and takes the mean" if repeats > 1 else ""
        rows[f"Evaluator {evaluator['name']}"] = f"{_digested(evaluator)}{asked}"
    for connection in manifest.get("connections", ()):
        rows[f"Connection {connection['name']}"] = connection["identity"]
    return Identity(
        rows={name: value for name, value in rows.items() if value},
        datasets=tuple(manifest["datasets"]),
        packages=manifest["packages"],
        configuration=json.dumps(manifest["configuration"], indent=2, ensure_ascii=False),
    )


def _digested(flow: Mapping[str, Any]) -> str:
    return f"{flow['path']}, sha256 {flow['digest']}"
