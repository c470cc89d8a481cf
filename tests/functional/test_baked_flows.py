"""A flow that was baked asks and answers what the configuration that was measured did."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from sample_project import rows

from llmops import yaml
from llmops.domain.configuration import Configuration
from llmops.flows import load_flow

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from llm_stub import LLMStub
    from sample_project import Project

EXPERIMENT = """\
name: kinds
flow: FLOW
connections:
- &provider
  name: provider
  connection_type: OpenAIConnection
  base_url: ${STUB_URL}
  api_key: ${STUB_KEY}
- {<<: *provider, name: second}
datasets:
- {name: inbox, source: ../messages/inbox.jsonl}
"""

DAG = """
    additional_includes: [../shared/rules.jinja2]
    environment_variables: {TONE: kind}
    inputs: {text: {type: string}}
    outputs: {label: {type: string, reference: "${ask.output}"}}
    nodes:
    - name: mood
      type: python
      source: {type: code, path: mood.py}
      inputs: {text: "${inputs.text}"}
    - {name: ask, use_variants: true}
    node_variants:
      ask:
        default_variant_id: "0"
        variants:
          0: {node: {type: llm, source: {type: code, path: short.jinja2}, api: chat,
            connection: provider, inputs: {model: stub, temperature: 0, text: "${mood.output}"}}}
          1: {node: {type: llm, source: {type: code, path: rules.jinja2}, api: chat,
            connection: provider, inputs: {model: stub, temperature: 0, text: "${mood.output}"}}}
"""

MOOD = """
    import os
    from promptflow.core import tool

    @tool
    def mood(text: str, times: int = 1) -> str:
        return (os.environ["TONE"] + " ") * times + text
"""

FLEX = """
    entry: talk:Speaker
    init: {suffix: {type: string, default: "."}}
    sample: {init: {model_config: {connection: provider, model: stub}}}
"""

TALK = """
    from promptflow.core import OpenAIModelConfiguration

    class Speaker:
        def __init__(self, model_config: OpenAIModelConfiguration, suffix: str = "!"):
            self.said = f"{model_config.model}{suffix}"

        async def __call__(self, text: str, times: int = 1) -> str:
            return (text + self.said) * times
"""

PROMPTY = """
    ---
    model:
      api: chat
      configuration: {type: openai, model: "${env:LLMOPS_TEST_MODEL}", connection: provider}
      parameters: {temperature: 0.2, max_tokens: 9, stop: "${file:stop.json}"}
    inputs:
      text: {type: string}
      tone: {type: string, default: kind}
    ---
    system:
    Be {{tone}}.

    user:
    {{text}}
"""

FLOWS = {
    "dag/flow.dag.yaml": DAG,
    "dag/mood.py": MOOD,
    "dag/short.jinja2": "# user:\nshort: {{text}}",
    "shared/rules.jinja2": "# user:\nby the rules: {{text}}",
    "flex/flow.flex.yaml": FLEX,
    "flex/talk.py": TALK,
    "plain/plain.py": "def turned(text: str, again: bool = False) -> str:\n    return text[::-1]\n",
    "prompty/label.prompty": PROMPTY,
    "prompty/stop.json": '["END"]',
}


def written(project: Project) -> Project:
    for name, text in FLOWS.items():
        path = project.folder / "flows" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
    home = project.folder / "experiments" / "kinds"
    home.mkdir()
    (home / "experiment.yaml").write_text(EXPERIMENT)
    return project


def asked(project: Project, stub: LLMStub, flow: str, *chosen: str) -> tuple[list[Any], list[Any]]:
    """Run three lines; return the answers and what the provider was sent."""
    stub.reset()
    stated = ("--set", f"flow={flow}", *chosen)
    done = project.llmops("run", "experiments/kinds", "--limit", "3", *stated)
    assert done.returncode == 0, done.stderr
    found = rows(project.runs[-1] / "results.csv")
    answers = [
        [each["line"], each.get("outputs.label") or each["outputs.output"]] for each in found
    ]
    return answers, sorted((body for _, _, body in stub.seen), key=str)


@pytest.mark.parametrize(
    ("flow", "configuration"),
    [
        ("dag", Configuration(variants={"ask": "1"})),
        (
            "dag",
            Configuration(
                variants={"ask": "1"},
                parameters={
                    "ask.model": "other",
                    "ask.connection": "second",
                    "ask.temperature": 0.5,
                    "mood.times": 2,
                },
            ),
        ),
        ("flex", Configuration(parameters={"init.suffix": "1e3"})),
        ("plain/plain.py:turned", Configuration()),
        (
            "prompty/label.prompty",
            Configuration(
                parameters={
                    "label.model": "other",
                    "label.connection": "second",
                    "label.tone": "no: really",
                    "label.temperature": 0.9,
                }
            ),
        ),
    ],
    ids=["variant", "parameters", "flex", "plain", "prompty"],
)
def test_a_baked_flow_asks_and_answers_the_same(
    project: Project, stub: LLMStub, flow: str, configuration: Configuration
) -> None:
    written(project)
    file, _, entry = flow.partition(".py:")
    path = project.folder / "flows" / (f"{file}.py" if entry else file)
    parameters = yaml.dump({"parameters": dict(configuration.parameters)})
    overlay = project.folder / "experiments" / "kinds" / "experiment.chosen.yaml"
    overlay.write_text(parameters)
    chosen = [f"--select={node}={variant}" for node, variant in configuration.variants.items()]
    measured = asked(project, stub, flow, "--env", "chosen", *chosen)
    baked = project.folder / "flows" / "baked"
    name = load_flow(path, entry).bake(configuration, baked)
    for shared in ("dag", "flex", "plain", "prompty", "shared"):
        for each in (project.folder / "flows" / shared).iterdir():
            each.unlink()
    released = f"baked/{name}" if name.endswith(".prompty") else "baked"
    assert asked(project, stub, released) == measured
    assert not load_flow(baked / name).interface().variants


def test_a_prompty_whose_model_comes_from_elsewhere_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stop.json").write_text("[]")
    path = tmp_path / "label.prompty"
    path.write_text(dedent(FLOWS["prompty/label.prompty"]).lstrip("\n"))
    monkeypatch.setenv("LLMOPS_TEST_MODEL", "small")
    small = load_flow(path).digest()
    assert load_flow(path).digest() == small
    monkeypatch.setenv("LLMOPS_TEST_MODEL", "large")
    assert load_flow(path).digest() != small
