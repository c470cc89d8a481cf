"""The sample project with four variants of known skill, for races."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sample_project import make_project

if TYPE_CHECKING:
    from pathlib import Path

    from llm_stub import LLMStub
    from sample_project import Project

LINES = 160
SKILLS = {"usual": 0.7, "good": 0.95, "equal": 0.7, "bad": 0.25}
"""The share of lines that each variant gets right; the first is the baseline."""

FLOW = """\
inputs:
  text: {type: string}
  expected: {type: string}
outputs:
  label: {type: string, reference: "${answer.output}"}
nodes:
- name: summarise
  type: llm
  source: {type: code, path: summarise_short.jinja2}
  inputs: {model: stub, text: "${inputs.text}"}
  connection: provider
  api: chat
- {name: ask, use_variants: true}
- {name: answer, use_variants: true}
node_variants:
"""
ASK = """\
      {name}:
        node:
          type: llm
          source: {{type: code, path: ask_{name}.jinja2}}
          inputs: {{model: stub, summary: "${{summarise.output}}"}}
          connection: provider
          api: chat
"""
ANSWER = """\
      {name}:
        node:
          type: python
          source: {{type: code, path: answer.py}}
          inputs: {{asked: "${{ask.output}}", expected: "${{inputs.expected}}", skill: {skill}}}
"""
TOOL = """\
import zlib

from promptflow.core import tool


@tool
def answer(asked: str, expected: str, skill: float) -> str:
    return expected if zlib.crc32(asked.encode()) % 1000 < 1000 * skill else "wrong"
"""
EXPERIMENT = """\
name: race
flow: race
connections:
- name: provider
  connection_type: OpenAIConnection
  base_url: ${STUB_URL}
  api_key: ${STUB_KEY}
datasets:
- {name: inbox, source: inbox.jsonl}
evaluators:
- name: exact_match
  datasets:
  - name: inbox
    mappings: {label: "${run.outputs.label}", expected: "${data.expected}"}
combinations:
- {ask: usual, answer: usual}
- {ask: good, answer: good}
- {ask: equal, answer: equal}
- {ask: bad, answer: bad}
objective: {metric: correct}
executor: {max_concurrency: 8, timeout_seconds: 20}
"""


def make_race(folder: Path, stub: LLMStub) -> Project:
    """Write the project; every line takes one shared call, and one of each variant."""
    project = make_project(folder, stub)
    flow = FLOW
    for node, form in {"ask": ASK, "answer": ANSWER}.items():
        flow += f"  {node}:\n    default_variant_id: usual\n    variants:\n"
        flow += "".join(form.format(name=name, skill=skill) for name, skill in SKILLS.items())
    files = {
        "flows/race/flow.dag.yaml": flow,
        "flows/race/answer.py": TOOL,
        "flows/race/summarise_short.jinja2": "# user:\nSummarise: {{text}}\n",
        "experiments/race/experiment.yaml": EXPERIMENT,
    }
    for name in SKILLS:
        files[f"flows/race/ask_{name}.jinja2"] = f"# user:\nAsk, {name}: {{{{summary}}}}\n"
    project.write_lines(LINES)
    messages = folder / "experiments" / "messages"
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (messages / "inbox.jsonl").rename(folder / "experiments" / "race" / "inbox.jsonl")
    return project
