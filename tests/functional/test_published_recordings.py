"""Published answers, judged like any run: what is known of them comes out.

The data is public and stays where it is: two prompts on BIG-Bench-Hard, four models on GSM8K.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from llmops.comparison import compare
from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.comparison import Comparison, Effect

PUBLISHED: Final = Path(__file__).parents[3] / "shared" / "data"
TASKS: Final = ("causal_judgement", "object_counting", "snarks", "word_sorting")
MODELS: Final = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")

pytestmark = pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"there is no data in {PUBLISHED}")

ASK: Final = """\
inputs: {question: {type: string}}
outputs:
  answer: {type: string, reference: "${read.output}"}
nodes:
- {name: ask, use_variants: true}
- name: read
  type: python
  source: {type: code, path: read.py}
  inputs: {text: "${ask.output}"}
node_variants:
  ask:
    default_variant_id: direct
    variants:
      direct:
        node: &ask
          type: llm
          source: {type: code, path: direct.jinja2}
          inputs: {model: direct, question: "${inputs.question}"}
          connection: published
          api: chat
      cot:
        node:
          <<: *ask
          source: {type: code, path: cot.jinja2}
          inputs: {model: cot, question: "${inputs.question}"}
"""

READ: Final = """\
import re

from promptflow.core import tool


@tool
def read(text: str) -> str:
    found = re.search(r"(?:.*the answer is|.*\\bA:)(.*)", text, re.DOTALL)
    return (found[1] if found else text).strip().rstrip(".")
"""

EXACT: Final = """\
inputs: {answer: {type: string}, target: {type: string}}
outputs:
  correct: {type: bool, reference: "${compare.output}"}
nodes:
- name: compare
  type: python
  source: {type: code, path: compare.py}
  inputs: {answer: "${inputs.answer}", target: "${inputs.target}"}
"""

COMPARE: Final = """\
from promptflow.core import tool


@tool
def compare(answer: str, target: str) -> bool:
    return value(answer) == value(target)


def value(text: str) -> float | str:
    try:
        return float(text.replace(",", "").replace("$", ""))
    except ValueError:
        return text
"""

FILES: Final = {
    "pyproject.toml": "",
    "flows/ask/flow.dag.yaml": ASK,
    "flows/ask/direct.jinja2": "# user:\n{{question}}\n",
    "flows/ask/cot.jinja2": "# user:\nQ: {{question}}\nA: Let's think step by step.\n",
    "flows/ask/read.py": READ,
    "flows/exact/flow.dag.yaml": EXACT,
    "flows/exact/compare.py": COMPARE,
}


def published_run(folder: Path, question: str, files: tuple[str, ...], **fields: object) -> Path:
    """Run an experiment on published files as a user would; return the run's folder."""
    names = [Path(file).stem for file in files]
    experiment: dict[str, object] = {
        "name": "published",
        "flow": "ask",
        "connections": [
            {
                "name": "published",
                "connection_type": "replay",
                "recording": [f"datasets/{name}.jsonl" for name in names],
                "question": question,
                "answers": "outputs",
            }
        ],
        "datasets": [
            {
                "name": name,
                "source": f"{name}.jsonl",
                "mappings": {"question": f"${{data.{question}}}"},
            }
            for name in names
        ],
        "evaluators": [
            {
                "name": "exact",
                "datasets": [
                    {
                        "name": name,
                        "mappings": {
                            "answer": "${run.outputs.answer}",
                            "target": "${data.target}",
                        },
                    }
                    for name in names
                ],
            }
        ],
        "objective": {"metric": "exact.correct"},
        **fields,
    }
    texts = {**FILES, "experiments/published/experiment.yaml": json.dumps(experiment)}
    texts |= {
        f"datasets/{Path(file).name}": (PUBLISHED / file).read_text(encoding="utf-8")
        for file in files
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "llmops", "run", "experiments/published"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    (manifest,) = folder.glob("reports/*/*/manifest.json")
    return manifest.parent


def compared(run: Path) -> Comparison:
    reader = RunReader(run)
    return compare(reader, summarise(reader))


def rows_of(file: str) -> list[dict[str, Any]]:
    lines = (PUBLISHED / file).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_two_prompts_on_four_tasks(tmp_path: Path) -> None:
    comparison = compared(
        published_run(tmp_path, "input", tuple(f"bbh/{task}.jsonl" for task in TASKS))
    )
    effects: Mapping[str, Effect] = {each.dataset: each for each in comparison.effects}
    assert set(effects) == set(TASKS)
    assert comparison.family.size == len(TASKS)
    assert {name: each.finding for name, each in effects.items()} == {
        "causal_judgement": "not shown",
        "object_counting": "better",
        "snarks": "not shown",
        "word_sorting": "worse",
    }
    assert effects["word_sorting"].difference == pytest.approx(-0.100, abs=0.0005)
    causal = effects["causal_judgement"]
    assert causal.difference == pytest.approx(-0.096, abs=0.0005)
    assert causal.p == pytest.approx(0.047, abs=0.0005)
    assert causal.p_adjusted is not None
    assert causal.p_adjusted > comparison.family.alpha
    assert comparison.decision.outcome == "no winner"


def test_four_models_are_ranked_with_intervals(tmp_path: Path) -> None:
    file = "gsm8k/recorded_solutions.jsonl"
    comparison = compared(
        published_run(
            tmp_path,
            "question",
            (file,),
            combinations=[{"ask": "direct"}],
            parameters={"ask.model": list(MODELS)},
        )
    )
    published = rows_of(file)
    truth = {
        model: sum(row["is_correct"][model] for row in published) / len(published)
        for model in MODELS
    }
    estimates = {
        next(
            model for model in MODELS if comparison.labels[each.configuration].endswith(model)
        ): each
        for each in comparison.estimates
    }
    assert {model: each.value for model, each in estimates.items()} == pytest.approx(truth)
    for model, each in estimates.items():
        assert each.interval is not None
        assert each.interval.low < truth[model] < each.interval.high
        assert each.interval.high - each.interval.low < 0.06
    ranked = sorted(estimates, key=lambda model: estimates[model].value or 0)
    assert ranked == ["6b_finetuning", "175b_finetuning", "6b_verification", "175b_verification"]
    assert [each.finding for each in comparison.effects] == ["better"] * 3
    assert comparison.decision.outcome == "winner"
    assert comparison.labels[comparison.decision.configuration or ""].endswith("175b_verification")
