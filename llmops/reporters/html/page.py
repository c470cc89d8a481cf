"""Renders the page. Jinja escapes every value; the lines are packed, so they can't be markup."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from llmops.reporters.html import charts, wording
from llmops.reporters.html.lines import PackedLines
from llmops.store import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.report import RunReport
    from llmops.store import RunReader

_FOLDER: Final = Path(__file__).parent / "templates"
_SCRIPTS: Final = ("data", "filters", "cells", "rows", "detail", "main")


def write(reader: RunReader, report: RunReport, path: Path) -> None:
    """Write the page piece by piece: memory does not grow with the lines."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": wording.number,
        "money": wording.money,
        "seconds": wording.seconds,
        "percent": wording.percent,
    }
    pieces = environment.get_template("report.html").generate(
        report=report,
        finding=wording.finding(report),
        identity=_identity(reader.manifest),
        lines=PackedLines(reader, report),
        style=Markup((_FOLDER / "style.css").read_text(encoding="utf-8")),  # noqa: S704  our own
        **_charts(report),
        **_varied(report),
        **_script(),
    )
    with replacing(path) as file:
        file.writelines(piece.encode("utf-8", "replace") for piece in pieces)


def _charts(report: RunReport) -> dict[str, object]:
    if not report.metrics:
        return {"dot_plot": None, "scatters": []}
    metric = report.metrics[0]
    return {
        "dot_plot": charts.dot_plot(report, metric),
        "scatters": charts.scatters(report, metric),
    }


def _varied(report: RunReport) -> dict[str, object]:
    """Tell what differs between configurations from what is the same in all of them."""
    choices = [
        {**item.configuration.variants, **item.configuration.parameters}
        for item in report.configurations
    ]
    names = list(dict.fromkeys(name for choice in choices for name in choice))
    texts = {name: [_shown(choice.get(name)) for choice in choices] for name in names}
    varied = [name for name in names if len(set(texts[name])) > 1]
    return {
        "varied": varied,
        "choices": {
            item.id: [texts[name][place] for name in varied]
            for place, item in enumerate(report.configurations)
        },
        "constant": {name: texts[name][0] for name in names if name not in varied},
    }


def _script() -> dict[str, object]:
    """Return the one script of the page, and the hash that lets it and no other run."""
    parts = [(_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS]
    script = '(() => {\n"use strict";\n' + "\n".join(parts) + "})();"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"script": Markup(script), "script_hash": f"sha256-{digest}"}  # noqa: S704  our own


def _identity(manifest: Mapping[str, Any]) -> dict[str, object]:
    """Return what a reader needs to repeat the run, under the names shown."""
    code = manifest["code"]
    command = manifest["command"]
    identity: dict[str, object] = {
        "Run": manifest["run_id"],
        "Started": manifest["created"],
        "Environment": manifest.get("env"),
        "Command": command if isinstance(command, str) else f"llmops {shlex.join(command)}",
        "Code": f"{code['commit']}{' with changes' if code['dirty'] else ''}" if code else None,
        "Python": f"{manifest['python']} on {manifest['platform']}",
        "Flow": _digested(manifest["flow"]),
    }
    for evaluator in manifest["evaluators"]:
        identity[f"Evaluator {evaluator['name']}"] = _digested(evaluator)
    for dataset in manifest["datasets"]:
        lines = f"{dataset['source']}, {dataset['lines']:,} lines, sha256 {dataset['sha256']}"
        identity[f"Dataset {dataset['name']}"] = lines
    for connection in manifest.get("connections", ()):
        identity[f"Connection {connection['name']}"] = connection["identity"]
    return {
        "rows": {name: value for name, value in identity.items() if value},
        "packages": manifest["packages"],
        "configuration": json.dumps(manifest["configuration"], indent=2, ensure_ascii=False),
    }


def _digested(flow: Mapping[str, Any]) -> str:
    return f"{flow['path']}, sha256 {flow['digest']}"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
