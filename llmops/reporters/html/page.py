"""Renders the page. Jinja escapes every value; the lines are packed, so they can't be markup."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from llmops.comparison.wording import listed
from llmops.domain.choices import choices_of
from llmops.reporters import wording
from llmops.reporters.html.checks import checks_of
from llmops.reporters.html.confusion import matrices
from llmops.reporters.html.differences import prompt_differences
from llmops.reporters.html.estimates import estimate_table
from llmops.reporters.html.forest import forests
from llmops.reporters.html.identity import identity_of
from llmops.reporters.html.lines import PackedLines
from llmops.reporters.html.names import names_of
from llmops.reporters.html.slices import slice_tables
from llmops.reporters.html.tradeoffs import scatters
from llmops.reporters.html.verdict import verdict_of
from llmops.reporters.traffic_plan import stated_plans
from llmops.store import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.comparison import Comparison, ScoreKind
    from llmops.domain.gate import GateResult
    from llmops.domain.report import RunReport
    from llmops.store import RunReader

_FOLDER: Final = Path(__file__).parent / "templates"
_SCRIPTS: Final = ("data", "filters", "difference", "cells", "rows", "answers", "detail", "main")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page; `id` also names its template."""

    id: str
    title: str


def write(
    reader: RunReader,
    report: RunReport,
    comparison: Comparison,
    gates: Sequence[GateResult],
    path: Path,
) -> None:
    """Write the page piece by piece: memory does not grow with the lines."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=wording.number,
        p_value=wording.p_value,
        money=wording.money,
        seconds=wording.seconds,
        percent=wording.percent,
        listed=listed,
    )
    content = _content(reader, report, comparison, gates)
    pieces = environment.get_template("report.html").generate(
        **content,
        sections=list(_sections(content)),
        style=Markup((_FOLDER / "style.css").read_text(encoding="utf-8")),  # noqa: S704  our own
        **_script(),
    )
    with replacing(path) as file:
        file.writelines(piece.encode("utf-8", "replace") for piece in pieces)


def _content(
    reader: RunReader, report: RunReport, comparison: Comparison, gates: Sequence[GateResult]
) -> dict[str, object]:
    manifest = reader.manifest
    names = names_of(report, comparison)
    focus = _focus(report, comparison)
    kind = _kind(report, comparison)
    pair = [each for each in dict.fromkeys((comparison.baseline, focus)) if each]
    return {
        "report": report,
        "comparison": comparison,
        "names": names,
        "choices": choices_of({item.id: item.configuration for item in report.configurations}),
        "verdict": verdict_of(report, comparison, gates, names, kind=kind, code=manifest["code"]),
        "effects": forests(comparison.effects),
        "confirmation": forests(comparison.confirmation),
        "checks": checks_of(comparison, gates),
        "traffic": stated_plans(report.traffic_plans, report.currency),
        "tradeoffs": scatters(report, names, kind),
        "estimates": estimate_table(report, comparison),
        "slices": slice_tables(comparison, focus),
        "confusion": matrices(comparison, pair),
        "prompts": prompt_differences(manifest.get("prompts", {}), comparison.baseline),
        "identity": identity_of(manifest),
        "lines": PackedLines(reader, report, comparison, names, focus),
    }


def _focus(report: RunReport, comparison: Comparison) -> str:
    """Return whom to look at beside the baseline: the chosen one, or else the best by mean."""
    decision = comparison.decision
    wanted = (
        decision.configuration,
        decision.best_by_mean,
        *(item.id for item in report.configurations),
    )
    others = [each for each in wanted if each and each != comparison.baseline]
    return others[0] if others else report.configurations[0].id


def _kind(report: RunReport, comparison: Comparison) -> ScoreKind:
    """Return how to write the objective: as a share where every line's score is yes or no."""
    metric = report.objective and report.objective.metric
    kinds = {each.kind for each in comparison.estimates if each.metric == metric}
    return "binary" if kinds == {"binary"} else "numeric"


def _sections(content: Mapping[str, object]) -> Iterator[Section]:
    """Yield the sections that have something to say, in the order of a review."""
    yield from (
        Section(name, title)
        for name, title in (
            ("effects", "Effects against the baseline"),
            ("checks", "Gates and guardrails"),
            ("traffic", "How it would go live"),
            ("tradeoffs", "Quality against cost and latency"),
            ("estimates", "Scores"),
            ("slices", "Slices"),
            ("confusion", "Confusion"),
            ("lines", "Lines"),
            ("choices", "Prompts and configurations"),
            ("spent", "What it took"),
            ("identity", "What ran"),
        )
        if content.get(name, True)
    )


def _script() -> dict[str, object]:
    """Return the one script of the page, and the hash that lets it and no other run."""
    parts = [(_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS]
    script = '(() => {\n"use strict";\n' + "\n".join(parts) + "})();"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"script": Markup(script), "script_hash": f"sha256-{digest}"}  # noqa: S704  our own
