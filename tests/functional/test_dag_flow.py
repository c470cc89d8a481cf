"""Flows in `flow.dag.yaml` as files: what they say of themselves, and what is wrong with them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from llmops.concurrency import Threads, together
from llmops.domain.configuration import Configuration
from llmops.errors import ConfigError
from llmops.flows import load_flow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from llmops.domain.call import Answer, ModelRequest, ModelResponse

ROOT = Path(__file__).parent.parent.parent

FLOW = """
inputs: {text: {type: string}}
outputs: {label: {type: string, reference: "${classify.output}"}}
nodes:
- name: clean
  type: python
  source: {type: code, path: clean.py}
  inputs: {text: "${inputs.text}"}
- {name: classify, use_variants: true}
node_variants:
  classify:
    default_variant_id: direct
    variants:
      direct:
        node:
          type: llm
          source: {type: code, path: direct.jinja2}
          inputs: {model: small, max_tokens: 5, text: "${clean.output}"}
          connection: one
          api: chat
      coded:
        node:
          type: python
          source: {type: code, path: coded.py}
          inputs: {text: "${clean.output}", service: two}
"""

FILES = {
    "flow.dag.yaml": FLOW,
    "clean.py": "from promptflow.core import tool\n@tool\ndef clean(text, lower=True): ...\n",
    "direct.jinja2": "user:\n{{text}}",
    "coded.py": """
        from promptflow.connections import CustomConnection
        from promptflow.core import tool
        @tool
        def coded(text: str, service: CustomConnection): ...
    """,
}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text), encoding="utf-8")
    return folder


class Line:
    """Runs everything, shares nothing."""

    def __init__(self, threads: Threads) -> None:
        self.threads = threads

    async def once(
        self, key: str, node: str, work: Callable[[], Awaitable[Answer]], *, paid: bool
    ) -> Answer:
        del key, node, paid
        return await work()

    async def call_model(self, connection: str, request: ModelRequest) -> ModelResponse:
        raise NotImplementedError(connection, request)

    async def in_thread(self, function: Callable[[], object]) -> object:
        return await self.threads.run(function)

    def connection_object(self, connection: str) -> object:
        raise NotImplementedError(connection)


def test_the_files_say_what_can_be_chosen_and_what_will_be_called(tmp_path: Path) -> None:
    flow = load_flow(write(tmp_path, FILES))
    interface = flow.interface()
    assert interface.connections == {"one", "two"}
    assert [(each.node, each.default, each.ids) for each in interface.variants] == [
        ("classify", "direct", ("direct", "coded"))
    ]
    assert {"clean.lower", "classify.temperature", "classify.service"} <= interface.parameters
    assert interface.open_parameters == {"classify"}
    [call] = flow.calls(Configuration(parameters={"classify.model": "large"}))
    assert (call.node, call.connection, call.model, call.max_tokens, call.upstream) == (
        "classify",
        "one",
        "large",
        5,
        {"clean"},
    )
    [coded] = flow.calls(Configuration(variants={"classify": "coded"}))
    assert (coded.node, coded.connection) == ("classify", "two")


def test_every_fault_of_the_files_is_said_at_once(tmp_path: Path) -> None:
    broken = FLOW.replace("direct.jinja2", "missing.jinja2").replace(
        "${inputs.text}", "${inputs.tex}"
    )
    files = FILES | {"flow.dag.yaml": broken, "coded.py": "def (:\n"}
    with pytest.raises(ConfigError) as caught:
        load_flow(write(tmp_path, files)).interface()
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert "node_variants.classify.direct.source.path: no file 'missing.jinja2'" in text
    assert "coded.py, line 1: no Python" in text
    assert "nodes.clean.inputs.text: ${inputs.tex} is no input of the flow" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nodes: [", "line 1"),
        ("inputs: {a: {type: text}}\nnodes: []", "inputs.a.type: 'text'; allowed: string"),
        ("nodes: [{name: a, type: pyton, source: {}}]", "did you mean 'python'?"),
        ("nodes: [{name: a, type: prompt}]", "nodes.a.source: no source"),
        ("nodes: [{name: a, use_variants: true}]", "the node 'a' has no variants"),
        ("language: csharp\nnodes: []", "allowed: python"),
        ("", "the file is empty"),
    ],
)
def test_a_fault_names_its_place_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_flow(write(tmp_path, {"flow.dag.yaml": text})).interface()
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["", "notes.txt", "nowhere"])
def test_what_is_no_flow_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"notes.txt": "entry: a:b"})
    with pytest.raises(ConfigError, match=r"flow\.dag\.yaml"):
        load_flow(tmp_path / name)


def test_an_input_that_the_tool_does_not_take_is_said_before_any_line(tmp_path: Path) -> None:
    flow = load_flow(write(tmp_path, FILES))
    with pytest.raises(ConfigError, match=r"takes no 'lowr'; allowed: text, lower; did you mean"):
        flow.configure(Configuration(parameters={"clean.lowr": False}))


def test_the_digest_has_every_file_that_matters_and_no_other(tmp_path: Path) -> None:
    flow = tmp_path / "flow"
    included = FLOW + "additional_includes: [../shared]\n"
    write(flow, FILES | {"flow.dag.yaml": included})
    write(tmp_path, {"shared/words.txt": "one"})
    before = load_flow(flow).digest()
    write(flow, {"__pycache__/x.pyc": "x", ".promptflow/flow.tools.json": "{}", ".env": "K=1"})
    assert load_flow(flow).digest() == before
    write(tmp_path, {"shared/words.txt": "two"})
    assert load_flow(flow).digest() != before


METRICS = {
    "flow.dag.yaml": """
        inputs: {n: {type: int}}
        outputs: {}
        nodes:
        - name: total
          type: python
          aggregation: true
          source: {type: code, path: total.py}
          inputs: {values: "${inputs.n}"}
    """,
    "total.py": """
        import threading
        from promptflow import log_metric, tool
        both = threading.Barrier(2, timeout=10)
        @tool
        def total(values: list):
            both.wait()
            log_metric(f"n{values[0]}", sum(values))
            both.wait()
    """,
}


def test_aggregations_at_the_same_time_keep_their_metrics_apart(tmp_path: Path) -> None:
    step = load_flow(write(tmp_path, METRICS)).configure(Configuration())
    threads = Threads(2)

    async def scenario() -> list[Mapping[str, float]]:
        jobs = [step.aggregate({"n": [n, n]}, {}, Line(threads)) for n in (1, 2)]
        return await together(jobs)

    assert asyncio.run(scenario()) == [{"n1": 2}, {"n2": 4}]
    threads.close()


IMPORTS = """
import sys
from llmops.domain.configuration import Configuration
from llmops.flows import load_flow
from pathlib import Path

def configure(name):
    step = load_flow(Path(name)).configure(Configuration())
    return [node.tool.function for node in step.graph.nodes]

light = configure("light")
assert "promptflow._core" not in sys.modules, "the real package was imported"
import inspect
inspect.getmodule(light[0])  # asks every module for its file
assert "promptflow._core" not in sys.modules, "looking at modules imported it"
assert light[0](" a ") == "connections ToolProvider"
assert "promptflow._core" in sys.modules
import promptflow
assert promptflow.connections.CustomConnection.__name__ == "CustomConnection"
[heavy] = configure("heavy")
assert heavy("x") == "x"
"""

PYTHON_NODE = """
inputs: {x: {type: string}}
outputs: {}
nodes:
- {name: a, type: python, source: {type: code, path: a.py}, inputs: {x: "${inputs.x}"}}
"""


def test_promptflow_is_imported_by_who_wants_more_than_its_decorators(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "light/flow.dag.yaml": PYTHON_NODE,
            "light/a.py": """
                import promptflow
                from promptflow.core import log_metric, tool
                from promptflow.tracing import trace
                @tool
                def a(x):
                    from promptflow.connections import CustomConnection
                    return "connections " + promptflow.core.ToolProvider.__name__
            """,
            "heavy/flow.dag.yaml": PYTHON_NODE,
            "heavy/a.py": """
                from promptflow import tool
                @tool
                def a(x): return x
            """,
        },
    )
    homes = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    kept = {name: value for name, value in os.environ.items() if name != "PF_HOME_DIRECTORY"}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", dedent(IMPORTS)],
        cwd=tmp_path,
        env=kept | homes | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    tops = {path.relative_to(tmp_path).parts[0] for path in written}
    assert tops <= {"light", "heavy", "cache"}
