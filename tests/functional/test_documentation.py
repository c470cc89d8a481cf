"""The documents say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import cast

import pytest

from llmops.approvers import Approvers, Reviewer, Rule, read_approvers

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


def test_the_reference_of_deployments_names_every_key() -> None:
    schema = json.loads((PROJECT / "experiments" / "deployment.schema.json").read_text())
    sections = [
        *("ResourcesSection", "ProbeSection", "TrafficSection", "ConditionSection"),
        *("TriggerSection", "MonitorSection", "ProductionEvaluator", "DriftSection"),
        *("LocalTarget", "ContainerTarget", "KubernetesTarget"),
        *("Gateway", "Autoscaling", "Network"),
    ]
    keys = set(cast("dict[str, object]", schema["properties"]))
    for name in sections:
        keys |= set(cast("dict[str, object]", schema["$defs"][name]["properties"]))
    page = PROJECT / "docs" / "reference" / "deployment.md"
    text = page.read_text(encoding="utf-8")
    assert {key for key in keys if not re.search(rf"\b{key}\b", text)} == set()


def test_every_experiment_names_its_schema() -> None:
    for path in PROJECT.glob("experiments/*/*.yaml"):
        file = path.name.partition(".")[0]
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../{file}.schema.json", path


def test_the_reference_of_approvers_names_every_key_and_its_example_is_valid(
    tmp_path: Path,
) -> None:
    text = (PROJECT / "docs" / "reference" / "approvers.md").read_text(encoding="utf-8")
    keys = {*Approvers.model_fields, *Reviewer.model_fields, *Rule.model_fields}
    assert {key for key in keys - {"digest", "label"} if f"`{key}`" not in text} == set()
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "approvers.yaml").write_text(example[1])
    assert read_approvers(tmp_path, "reviews").reviewer("Ada")
