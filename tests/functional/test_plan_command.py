"""`llmops plan` and `llmops schema` on a project on disk; nothing is called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from llmops import yaml
from llmops.errors import ConfigError
from llmops.experiment import load
from llmops.experiment.schema import schema_text
from llmops.pipeline.plan import plan

if TYPE_CHECKING:
    from llm_stub import LLMStub
    from sample_project import Project

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

FAULTY = """\
flwo: classify_messages
connections:
- {name: provider, connection_type: OpenAIConnection, api_key: "${NOT_SET_ANYWHERE}"}
- {name: spare, connection_type: OpenAIConnection, api_key: "${NOT_SET_EITHER}"}
datasets:
- {name: inbox, source: inbox.jsonl, mappings: {txt: "${data.text}"}}
- {name: inbox, source: missing.jsonl}
- {name: broken, source: broken.csv}
evaluators:
- name: exact_match
  datasets:
  - {name: inbox, mappings: {label: "${run.outputs.lable}"}}
  - {name: other, reference: inbx, source: short.jsonl}
  - {name: short, reference: inbox, source: short.jsonl}
- {name: exact_mach, datasets: []}
combinations: {exclude: [{classify: guessed}]}
parameters: {classfy.temperature: [0, 1]}
objective: {metric: exactmatch.accuracy}
executor: {max_concurency: 4}
budget: {money: 1}
"""


@pytest.fixture
def messages(project: Project) -> Path:
    return project.folder / "experiments" / "messages"


class TestCommand:
    def test_counts_calls_naively_and_shared_and_sends_none(
        self, project: Project, stub: LLMStub
    ) -> None:
        done = project.llmops("plan", "experiments/messages")
        assert done.returncode == 0, done.stderr
        assert "calls: 240 naively, 180 after sharing" in done.stdout
        assert "6 combinations" in done.stdout
        assert "(baseline)" in done.stdout
        assert "cost: unknown" in done.stdout
        assert stub.answered == 0
        assert not (project.folder / "reports").exists()

    def test_json_has_the_same_figures(self, project: Project) -> None:
        done = project.llmops(
            "plan",
            "experiments/messages/experiment.yaml",
            "--json",
            "--limit=5",
            "--select=summarise=plain",
            "--set=repeats=2",
            "--set=prices={stub: {input_per_million: 1, output_per_million: 1}}",
        )
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert document["lines"] == {"inbox": 5}
        assert document["trials"] == 2 * 2
        assert document["total"]["calls_naive"] == 2 * 5 * (2 + 2)
        assert document["total"]["calls_shared"] == 2 * 5 * (1 + 2)
        assert document["total"]["cost"] > 0
        assert not any(each["baseline"] for each in document["configurations"])

    def test_every_fault_is_told_at_once(self, project: Project, messages: Path) -> None:
        (messages / "experiment.faulty.yaml").write_text(FAULTY)
        (messages / "short.jsonl").write_text('{"expected": "positive"}\n')
        (messages / "broken.csv").write_text("text,expected\na,b\na\n")
        done = project.llmops("plan", "experiments/messages", "--env", "faulty")
        assert done.returncode == 2
        assert done.stdout == ""
        expected = [
            "flwo: unknown key",
            "executor.max_concurency: unknown key",
            "datasets: the name 'inbox' is there 2 times",
            "datasets.inbox.mappings.txt: no input 'txt'; allowed: text; did you mean 'text'?",
            "datasets.inbox.source: no file 'missing.jsonl'",
            "broken.csv, line 3: 1 values; allowed: 2",
            "evaluators.exact_match.datasets.inbox.mappings.label: no output 'lable'",
            "evaluators.exact_match.datasets.other: no dataset 'inbx'",
            "evaluators.exact_match.datasets.short.source: 1 lines; allowed: 20",
            "nothing fills the input 'label'",
            "evaluators.exact_mach.flow: no flow 'exact_mach'",
            "did you mean 'exact_match'?",
            "connections.provider.api_key: the variable NOT_SET_ANYWHERE is undefined",
            "parameters.classfy.temperature: no parameter 'classfy.temperature'",
            "combinations.exclude[0].classify: no variant 'guessed'; allowed: direct, reasoned",
            "budget.money: a limit of money, but no model has a price",
            "objective.metric: no evaluator 'exactmatch'; allowed: exact_match, exact_mach",
        ]
        missing = [each for each in expected if each not in done.stderr]
        assert missing == []
        assert "Traceback" not in done.stderr
        faults = done.stderr.splitlines()
        assert all(each.startswith("experiments/messages/") for each in faults), faults

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("experiments/mesages",), "no such file"),
            (("experiments/messages", "--env=dev"), "no environment 'dev'"),
            (
                ("experiments/messages", "--set=executor.attempts=x"),
                "--set: executor.attempts: 'x'",
            ),
            (("experiments/messages", "--select=classify=gues"), "is in no combination"),
        ],
    )
    def test_a_wrong_argument_ends_with_2(
        self, project: Project, arguments: tuple[str, ...], message: str
    ) -> None:
        done = project.llmops("plan", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


class TestLoading:
    def test_the_overlay_and_the_env_file_count(
        self, project: Project, messages: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (project.folder / ".env").write_text("STUB_URL=http://from.file\nSTUB_KEY=key-from-file\n")
        monkeypatch.setenv("STUB_URL", "http://from.environment")
        monkeypatch.delenv("STUB_KEY", raising=False)
        (messages / "experiment.pr.yaml").write_text("evaluators:\nobjective:\nrepeats: 3\n")
        loaded = load(messages, env="pr")
        assert loaded.evaluators == ()
        assert loaded.repeats == 3
        assert loaded.secrets == ("key-from-file",)
        assert [each.name for each in loaded.used_connections] == ["provider"]

    def test_no_secret_is_in_the_evidence(
        self, messages: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STUB_URL", "http://127.0.0.1:1")
        monkeypatch.setenv("STUB_KEY", "k3y")
        loaded = load(messages)
        assert "http://127.0.0.1:1" in json.dumps(loaded.raw)
        assert "k3y" not in json.dumps(loaded.raw)

    def test_a_connection_that_nothing_uses_needs_no_variables(
        self, messages: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STUB_URL", "http://127.0.0.1:1")
        monkeypatch.setenv("STUB_KEY", "key-of-the-stub")
        file = messages / "experiment.yaml"
        spare = "- {name: spare, connection_type: OpenAIConnection, api_key: '${NOT_SET}'}\n"
        file.write_text(file.read_text().replace("datasets:", f"{spare}datasets:", 1))
        assert [each.name for each in load(messages).connections] == ["provider"]
        with pytest.raises(ConfigError, match=r"spare\.api_key: the variable NOT_SET is undefined"):
            load(messages, overrides=["parameters.classify.connection=[provider, spare]"])

    def test_an_evaluator_may_have_data_of_its_own(
        self, messages: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STUB_URL", "http://127.0.0.1:1")
        monkeypatch.setenv("STUB_KEY", "key-of-the-stub")
        (messages / "truth.csv").write_text("answer\n" + "positive\n" * 20)
        (messages / "experiment.own.yaml").write_text(
            "evaluators:\n- name: exact_match\n  datasets:\n"
            "  - {name: truth, reference: inbox, source: truth.csv,\n"
            '     mappings: {label: "${run.outputs.label}", expected: "${data.answer}"}}\n'
        )
        loaded = load(messages, env="own")
        judged = loaded.evaluators[0].datasets["inbox"]
        inputs_of = judged.inputs_of(loaded.evaluators[0].flow, loaded.datasets[0])
        assert judged.dataset is not None
        (row, *_) = judged.dataset.lines()
        inputs = inputs_of(row, {"label": "negative"}, {})
        assert inputs == {"label": "negative", "expected": "positive"}
        assert plan(loaded).shared_calls == 180


class TestSchema:
    def test_the_file_is_what_the_fields_say(self) -> None:
        written = (EXPERIMENTS / "experiment.schema.json").read_text(encoding="utf-8")
        assert written == schema_text(), "run: llmops schema -o experiments/experiment.schema.json"

    def test_is_a_schema_that_accepts_every_experiment(self) -> None:
        schema = json.loads(schema_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        for file in EXPERIMENTS.glob("*/experiment.yaml"):
            jsonschema.validate(yaml.read(file, file.name), schema)

    def test_the_command_prints_it(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "llmops", "schema"], capture_output=True, text=True, check=True
        )
        assert done.stdout == schema_text()


def test_planning_imports_nothing_heavy(messages: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from llmops.experiment import load\n"
        "from llmops.pipeline.plan import plan\n"
        f"plan(load(Path({str(messages)!r}), overrides=['connections.provider.base_url=http://x',"
        " 'connections.provider.api_key=key']))\n"
        "heavy = {'promptflow', 'pandas', 'scipy', 'azure', 'openai', 'aiohttp'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
