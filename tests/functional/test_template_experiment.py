"""An experiment as Microsoft's template words it, with its overlay, runs as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sample_project import KEY, Project, rows

if TYPE_CHECKING:
    from pathlib import Path

    from llm_stub import LLMStub

FILES = {
    "pyproject.toml": "",
    "entities/experiment.yaml": """\
name: entities
flow: flows/standard

connections:
- name: aoai
  connection_type: AzureOpenAIConnection
  api_endpoint: ${api_endpoint}
  api_version: 2023-07-01-preview
  api_key: ${api_key}
  api_type: azure

datasets:
- name: entities_train
  source: data/data.jsonl
  description: "For prompt experiments."
  mappings:
    text: "${data.text}"
    entity_type: "${data.entity_type}"

evaluators:
- name: evaluation
  flow: flows/evaluation
  datasets:
  - name: entities_eval
    reference: entities_train
    source: data/eval_data.jsonl
    description: "For evaluating flows."
    mappings:
      ground_truth: "${data.results}"
      entities: "${run.outputs.entities}"

runtime: some-runtime
""",
    "entities/experiment.pr.yaml": """\
name: entities

datasets:
- name: entities_pr
  source: data/pr.jsonl
  mappings:
    text: "${data.text}"
    entity_type: "${data.entity_type}"

evaluators:
""",
    "entities/flows/standard/flow.dag.yaml": """\
inputs:
  text: {type: string}
  entity_type: {type: string, default: job title}
outputs:
  entities: {type: list, reference: "${cleansing.output}"}
nodes:
- name: NER_LLM
  use_variants: true
- name: cleansing
  type: python
  source: {type: code, path: cleansing.py}
  inputs: {entities_str: "${NER_LLM.output}"}
node_variants:
  NER_LLM:
    default_variant_id: variant_0
    variants:
      variant_0:
        node:
          type: llm
          source: {type: code, path: NER_LLM.jinja2}
          inputs:
            deployment_name: gpt-35-turbo
            temperature: 0
            max_tokens: 64
            text: ${inputs.text}
            entity_type: ${inputs.entity_type}
          connection: aoai
          api: chat
      variant_1:
        node:
          type: llm
          source: {type: code, path: NER_LLM.jinja2}
          inputs:
            deployment_name: gpt-4
            temperature: 0.7
            text: ${inputs.text}
            entity_type: ${inputs.entity_type}
          connection: aoai
          api: chat
""",
    "entities/flows/standard/NER_LLM.jinja2": (
        "system:\nFind every {{entity_type}}.\n\nuser:\n{{text}}\n"
    ),
    "entities/flows/standard/cleansing.py": (
        "from typing import List\n\nfrom promptflow import tool\n\n\n@tool\n"
        "def cleansing(entities_str: str) -> List[str]:\n"
        '    return [part.strip() for part in entities_str.split(",")]\n'
    ),
    "entities/flows/evaluation/flow.dag.yaml": """\
inputs:
  ground_truth: {type: string}
  entities: {type: list}
outputs:
  match: {type: object, reference: "${match.output}"}
nodes:
- name: match
  type: python
  source: {type: code, path: match.py}
  inputs: {answer: "${inputs.entities}", ground_truth: "${inputs.ground_truth}"}
- name: log_metrics
  type: python
  source: {type: code, path: log_metrics.py}
  inputs: {match: "${match.output}"}
  aggregation: true
""",
    "entities/flows/evaluation/match.py": (
        "from typing import List\n\nfrom promptflow import tool\n\n\n@tool\n"
        "def match(answer: List[str], ground_truth: str):\n"
        '    return {"exact": int(answer == ground_truth.split(", ")), "partial": 1}\n'
    ),
    "entities/flows/evaluation/log_metrics.py": (
        "from typing import List\n\nfrom promptflow import log_metric, tool\n\n\n@tool\n"
        "def log_metrics(match: List[dict]):\n"
        '    log_metric("exact_match_rate", sum(m["exact"] for m in match) / len(match))\n'
    ),
}


def make(folder: Path, stub: LLMStub) -> Project:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    data = folder / "entities" / "data"
    data.mkdir()
    lines = [{"text": f"text {n}", "entity_type": "job title"} for n in range(5)]
    truths = [{"results": "nurse, cook"}] * 6  # one more than there are lines
    write(data / "data.jsonl", lines)
    write(data / "eval_data.jsonl", truths)
    write(data / "pr.jsonl", lines[:2])
    variables = {"api_endpoint": stub.url.removesuffix("/v1"), "api_key": KEY}
    return Project(folder, variables)


def write(path: Path, lines: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_it_runs_unchanged(tmp_path: Path, stub: LLMStub) -> None:
    project = make(tmp_path, stub)
    done = project.llmops("run", "entities")
    assert done.returncode == 0, done.stderr
    assert stub.answered == 5 * 2
    targets = {target.partition("?")[0] for target, _, _ in stub.seen}
    assert targets == {
        f"/openai/deployments/{name}/chat/completions" for name in ("gpt-35-turbo", "gpt-4")
    }
    metrics = rows(project.runs[0] / "metrics.csv")
    assert {(each["metric"], each["value"], each["n"]) for each in metrics} == {
        ("exact_match_rate", "0.0", "5")
    }


def test_its_overlay_has_other_data_and_no_evaluator(tmp_path: Path, stub: LLMStub) -> None:
    project = make(tmp_path, stub)
    done = project.llmops("run", "entities", "--env", "pr")
    assert done.returncode == 0, done.stderr
    assert stub.answered == 2 * 2
    assert {each["dataset"] for each in rows(project.runs[0] / "results.csv")} == {"entities_pr"}
