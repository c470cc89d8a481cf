"""A small project on disk, and the command as a user starts it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_stub import LLMStub

KEY = "key-that-must-never-be-written-0123456789"

FLOW = """\
inputs:
  text: {type: string}
outputs:
  label: {type: string, reference: "${classify.output}"}
nodes:
- {name: summarise, use_variants: true}
- {name: classify, use_variants: true}
node_variants:
  summarise:
    default_variant_id: short
    variants:
"""

SUMMARISE = """\
      {name}:
        node:
          type: llm
          source: {{type: code, path: summarise_{name}.jinja2}}
          inputs: {{model: stub, temperature: 0, text: "${{inputs.text}}"}}
          connection: provider
          api: chat
"""

CLASSIFY = """\
      {name}:
        node:
          type: llm
          source: {{type: code, path: classify_{name}.jinja2}}
          inputs: {{model: stub, temperature: 0, summary: "${{summarise.output}}"}}
          connection: provider
          api: chat
"""

EXACT_MATCH = """\
inputs:
  label: {type: string}
  expected: {type: string}
outputs:
  correct: {type: bool, reference: "${compare.output}"}
nodes:
- name: compare
  type: python
  source: {type: code, path: compare.py}
  inputs: {label: "${inputs.label}", expected: "${inputs.expected}"}
- name: accuracy
  type: python
  source: {type: code, path: accuracy.py}
  inputs: {correct: "${compare.output}"}
  aggregation: true
"""

EXPERIMENT = """\
name: messages
flow: classify_messages
connections:
- name: provider
  connection_type: OpenAIConnection
  base_url: ${STUB_URL}
  api_key: ${STUB_KEY}
datasets:
- {name: inbox, source: inbox.jsonl, mappings: {text: "${data.text}"}}
evaluators:
- name: exact_match
  datasets:
  - name: inbox
    mappings: {label: "${run.outputs.label}", expected: "${data.expected}"}
objective: {metric: accuracy}
executor: {max_concurrency: 16, timeout_seconds: 20}
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A project: a flow of two nodes with 3 and 2 variants, an evaluator, 20 lines of data."""

    folder: Path
    variables: Mapping[str, str]

    def llmops(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "llmops", *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        return {**os.environ, **self.variables, **variables}

    @property
    def runs(self) -> list[Path]:
        """The folders of all runs, oldest first."""
        return sorted(path.parent for path in self.folder.glob("reports/*/*/manifest.json"))

    def records(self, kind: str) -> list[dict[str, object]]:
        """The records of one kind in the newest run."""
        text = (self.runs[-1] / "run.jsonl").read_text()
        return [each for line in text.splitlines() if (each := json.loads(line))["kind"] == kind]

    def write_lines(self, count: int) -> None:
        rows = (
            {"text": f"message {number}", "expected": "positive" if number % 2 else "negative"}
            for number in range(count)
        )
        inbox = self.folder / "experiments" / "messages" / "inbox.jsonl"
        inbox.write_text("".join(json.dumps(row) + "\n" for row in rows))


def make_project(folder: Path, stub: LLMStub) -> Project:
    """Write the project; its connection leads to the stub."""
    summaries = {name: SUMMARISE.format(name=name) for name in ("short", "plain", "long")}
    verdicts = {name: CLASSIFY.format(name=name) for name in ("direct", "reasoned")}
    flow = FLOW + "".join(summaries.values())
    flow += "  classify:\n    default_variant_id: direct\n    variants:\n"
    flow += "".join(verdicts.values())
    files = {
        "pyproject.toml": "",
        "flows/classify_messages/flow.dag.yaml": flow,
        "flows/exact_match/flow.dag.yaml": EXACT_MATCH,
        "flows/exact_match/compare.py": (
            "from promptflow.core import tool\n\n\n@tool\n"
            "def compare(label: str, expected: str) -> bool:\n    return label == expected\n"
        ),
        "flows/exact_match/accuracy.py": (
            "from promptflow.core import log_metric, tool\n\n\n@tool\n"
            "def accuracy(correct: list):\n"
            '    log_metric("accuracy", sum(correct) / len(correct))\n'
        ),
        "experiments/messages/experiment.yaml": EXPERIMENT,
    }
    for name in summaries:
        prompt = f"# user:\nSummarise, {name}: {{{{text}}}}\n"
        files[f"flows/classify_messages/summarise_{name}.jinja2"] = prompt
    for name in verdicts:
        prompt = f"# user:\nClassify, {name}: {{{{summary}}}}\n"
        files[f"flows/classify_messages/classify_{name}.jinja2"] = prompt
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    made = Project(folder, {"STUB_URL": stub.url, "STUB_KEY": KEY})
    made.write_lines(20)
    return made


def rows(table: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def accuracies(run: Path) -> dict[str, str]:
    """Return the accuracy of each configuration as `metrics.csv` has it."""
    found = rows(run / "metrics.csv")
    return {each["configuration"]: each["value"] for each in found if each["metric"] == "accuracy"}


def answers(run: Path) -> dict[tuple[str, str], str]:
    """Return the label by configuration and line as `results.csv` has it."""
    return {
        (each["configuration"], each["line"]): each["outputs.label"]
        for each in rows(run / "results.csv")
    }
