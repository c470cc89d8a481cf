"""The documents say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import cast

import pytest

PROJECT = Path(__file__).parents[2]
REFERENCE = PROJECT / "docs" / "reference" / "experiment.md"


def test_the_reference_names_every_key() -> None:
    schema = json.loads((PROJECT / "experiments" / "experiment.schema.json").read_text())
    sections = {
        *("Executor", "Budget", "PriceSection", "Objective", "Combinations", "Guardrail", "Limits"),
        *("Gate", "Statistics", "Holdout", "Labels", "Racing"),
    }
    keys = set(cast("dict[str, object]", schema["properties"]))
    for name in sections:
        keys |= set(cast("dict[str, object]", schema["$defs"][name]["properties"]))
    text = REFERENCE.read_text(encoding="utf-8")
    assert {key for key in keys if not re.search(rf"`?\b{key}\b", text)} == set()


@pytest.mark.parametrize(
    "page", sorted(PROJECT.glob("*.md")) + sorted(PROJECT.glob("docs/**/*.md"))
)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith("http")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_experiment_names_its_schema() -> None:
    for path in PROJECT.glob("experiments/*/*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../experiment.schema.json", path
