"""Writes one look at an endpoint: `monitoring.json` for programs, `monitoring.html` for people."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from llmops import reporters
from llmops.reporters import wording
from llmops.store import replacing
from llmops.store.encoding import encode

if TYPE_CHECKING:
    from llmops.domain.comparison import ScoreKind
    from llmops.domain.monitoring import Monitoring

VERSION: Final = 1
_OWN: Final = Path(__file__).parent / "templates"
_SHARED: Final = Path(reporters.__file__).parent / "html" / "templates"
_STYLES: Final = (_SHARED / "style.css", _OWN / "monitoring.css")


def write_json(found: Monitoring, path: Path) -> None:
    """Write the numbers; `version` grows when a key changes meaning.

    Raises:
        LLMOpsError: when it can't be written.
    """
    content = {field.name: getattr(found, field.name) for field in fields(found)}
    with replacing(path) as file:
        file.write(f"{encode({'version': VERSION, **content})}\n".encode())


def write_page(found: Monitoring, path: Path) -> None:
    """Write the page; it needs nothing beside itself.

    Raises:
        LLMOpsError: when it can't be written.
    """
    environment = Environment(
        loader=FileSystemLoader([_OWN, _SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "\n".join(each.read_text(encoding="utf-8") for each in _STYLES)
    page = environment.get_template("monitoring.html").render(
        found=found,
        value=_value,
        change=wording.between,
        p_value=wording.p_value,
        style=Markup(style),  # noqa: S704  our own
        metrics=list(dict.fromkeys(each.metric for each in found.measures if each.n)),
        measures={(each.metric, each.deployment): each for each in found.measures},
    )
    with replacing(path) as file:
        file.write(page.encode("utf-8", "replace"))


def _value(value: float | None, kind: ScoreKind, metric: str) -> str:
    if metric == "p95_seconds":
        return wording.seconds(value)
    if metric == "cost_per_line":
        return wording.money(value)
    return wording.score(value, kind)
