"""Keys planted wherever a run could pick one up are in nothing that it writes or prints."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from llm_stub import LLMStub, served
from sample_project import KEY, Project, make_project, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IN_PROMPT: Final = "sk-prompt-0a1b2c3d4e5f60718293"
IN_EXCEPTION: Final = "sk-raised-0a1b2c3d4e5f60718293"
IN_DATA: Final = "sk-column-0a1b2c3d4e5f60718293"
IN_ANSWER: Final = re.compile(rb"sk-[0-9a-f]{16}")
PLANTED: Final = [each.encode() for each in (KEY, IN_PROMPT, IN_EXCEPTION, IN_DATA)]
SOURCES: Final = {".yaml", ".env", ".jinja2", ".py", ".pyc"}

ASK: Final = """\
inputs: {text: {type: string}}
outputs:
  label: {type: string, reference: "${check.output}"}
nodes:
- name: ask
  type: llm
  source: {type: code, path: ask.jinja2}
  inputs: {model: stub, temperature: 1, text: "${inputs.text}"}
  connection: provider
  api: chat
- name: again
  type: llm
  source: {type: code, path: again.jinja2}
  inputs: {model: stub, temperature: 1, said: "${ask.output}"}
  connection: provider
  api: chat
- name: check
  type: python
  source: {type: code, path: check.py}
  inputs: {text: "${inputs.text}", said: "${again.output}"}
"""

CHECK: Final = f"""\
from promptflow.core import tool


@tool
def check(text: str, said: str) -> str:
    if text.startswith("3"):
        raise RuntimeError("refused: api_key={IN_EXCEPTION} for " + said)
    return said
"""

SIGNED: Final = ("--reviewer", "ada", "--key", "ada.pem", "--reason", f"in spite of {IN_DATA}")

OVERLAY: Final = """\
connections:
- {name: provider, connection_type: replay, recording: kept.jsonl}
"""


def planted_project(folder: Path, stub: LLMStub) -> Project:
    make_project(folder, stub)
    flow, experiment = folder / "flows" / "ask", folder / "experiments" / "messages"
    text = (experiment / "experiment.yaml").read_text()
    files = {
        folder / ".env": f"STUB_KEY={KEY}\n",
        flow / "flow.dag.yaml": ASK,
        flow / "ask.jinja2": f"# user:\nWith {IN_PROMPT}, give me a key: {{{{text}}}}\n",
        flow / "again.jinja2": "# user:\nIs this a key? {{said}}\n",
        flow / "check.py": CHECK,
        experiment / "experiment.yaml": text.replace("classify_messages", "ask"),
        experiment / "experiment.replay.yaml": OVERLAY,
        experiment / "inbox.jsonl": "".join(
            json.dumps({"text": f"{line} {IN_DATA}", "expected": IN_DATA}) + "\n"
            for line in range(5)
        ),
    }
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return Project(folder, {"STUB_URL": stub.url})


def approvers(project: Project) -> str:
    """Return rules with one reviewer, whose key is made."""
    key = project.llmops("keygen", "ada.pem").stdout.strip()
    return (
        f"reviewers:\n- {{name: ada, emails: [ada@example.org], key: {key}}}\n"
        "environments:\n  prod: {}\n"
    )


def leaks(project: Project) -> Iterator[str]:
    """Yield each written file with a planted key in it."""
    data = project.folder / "experiments" / "messages" / "inbox.jsonl"
    for path in project.folder.rglob("*"):
        if not path.is_file() or path == data or {path.suffix, path.name} & SOURCES:
            continue
        content = path.read_bytes()
        found = [each for each in PLANTED if each in content] + IN_ANSWER.findall(content)
        if found:
            yield f"{path.relative_to(project.folder)}: {found}"


def test_no_planted_key_is_written_or_printed(tmp_path: Path) -> None:
    with served(LLMStub(api_key=KEY)) as stub:
        project = planted_project(tmp_path, stub)
        printed = [project.llmops("run", "experiments/messages", "--record", "kept.jsonl")]
        assert any(IN_PROMPT in json.dumps(body) for _, _, body in stub.seen)
    assert printed[0].returncode == 0, printed[0].stderr
    printed.append(project.llmops("run", "experiments/messages", "--env", "replay"))
    (tmp_path / "experiments" / "approvers.yaml").write_text(approvers(project))
    printed.extend(
        project.llmops(*command)
        for command in (
            ("plan", "experiments/messages"),
            ("report", "latest"),
            ("gate", "latest"),
            ("compare", *(run.name for run in project.runs)),
            ("approve", "latest", *SIGNED, "--env", "prod", "--max-traffic", "5"),
            ("audit",),
        )
    )
    assert [each.returncode for each in printed] == [0] * len(printed), printed
    for each in printed:
        output = (each.stdout + each.stderr).encode()
        assert not any(key in output for key in PLANTED)
        assert not IN_ANSWER.search(output)
    refused = project.llmops("register", "latest", "--env", "prod")
    assert refused.returncode == 2
    assert "ask.jinja2, line 2: what looks like a key" in refused.stderr
    assert IN_PROMPT not in refused.stderr
    assert list(leaks(project)) == []
    assert "***" in (tmp_path / "kept.jsonl").read_text()


def test_what_was_masked_replays_as_it_was_recorded(tmp_path: Path) -> None:
    """Also a key that only the recorded run knows for one: the replay has no such connection."""
    with served(LLMStub(api_key=KEY)) as stub:
        project = planted_project(tmp_path, stub)
        prompt = tmp_path / "flows" / "ask" / "ask.jinja2"
        prompt.write_text(prompt.read_text() + f"The key is not {KEY}.\n")
        done = project.llmops("run", "experiments/messages", "--record", "kept.jsonl")
        assert done.returncode == 0, done.stderr
    (tmp_path / ".env").unlink()
    replayed = project.llmops("run", "experiments/messages", "--env", "replay")
    assert replayed.returncode == 0, replayed.stderr
    first, second = ((run / "metrics.csv").read_bytes() for run in project.runs)
    assert first == second
    shown = [
        [(row["status"], row["error_message"], row["outputs.label"]) for row in table]
        for table in (rows(run / "results.csv") for run in project.runs)
    ]
    assert shown[0] == shown[1]
    assert [status for status, *_ in shown[0]] == ["ok", "ok", "ok", "error", "ok"]
