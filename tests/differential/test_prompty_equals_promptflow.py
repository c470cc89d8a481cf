"""A `.prompty` asks the same of a provider, and answers the same, as on promptflow."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import pytest
from recording_provider import RecordingProvider

from llmops import yaml
from llmops.domain.call import ModelResponse, Usage
from llmops.domain.configuration import Configuration
from llmops.flows import load_flow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from llmops.domain.call import Answer, ModelRequest

HERE = Path(__file__).parent
FILES = sorted((HERE / "prompty").glob("*.prompty"))
MESSAGE_OF_ITS_OWN = ("refusal", "annotations", "audio", "function_call")
"""What the `openai` package adds to every message that calls tools; it is null."""


class Report(Protocol):
    def __getitem__(self, key: str, /) -> object: ...


class Line:
    """A line alone: nothing is shared."""

    def __init__(self, provider: RecordingProvider) -> None:
        self.provider = provider

    async def once(
        self, key: str, node: str, work: Callable[[], Awaitable[Answer]], *, paid: bool
    ) -> Answer:
        del key, node, paid
        return await work()

    async def call_model(self, connection: str, request: ModelRequest) -> ModelResponse:
        assert connection == "one"
        body = self.provider.answer(request.api, request.body)
        return ModelResponse(body=body, usage=Usage(), seconds=0, model="")

    async def in_thread(self, function: Callable[[], object]) -> object:
        return function()

    def connection_object(self, connection: str) -> object:
        raise NotImplementedError(connection)


@pytest.fixture(scope="module")
def promptflow(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Report]:
    home = tmp_path_factory.mktemp("home")
    (home / "pf.yaml").write_text("telemetry:\n  enabled: false\ntrace:\n  destination: none\n")
    switches = {
        "PF_HOME_DIRECTORY": str(home),
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    }
    done = subprocess.run(
        [sys.executable, HERE / "oracle_prompty.py"],
        env=os.environ | switches,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return cast("Mapping[str, Report]", json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_prompty_asks_and_answers_the_same(path: Path, promptflow: Mapping[str, Report]) -> None:
    front_matter = path.read_text().split("---\n")[1]
    sample = cast("dict[str, dict[str, object]]", yaml.parse(front_matter, path.name))["sample"]
    provider = RecordingProvider()
    chosen = Configuration(parameters={f"{path.stem}.connection": "one"})
    step = load_flow(path).configure(chosen)
    outputs = asyncio.run(step.run_line(sample, Line(provider))).outputs
    expected = promptflow[path.stem]
    assert provider.take() == expected["asked"]
    answer = outputs["output"] if set(outputs) == {"output"} else outputs
    assert _plain(answer) == _plain(expected["answer"])


def _plain(answer: object) -> object:
    """Leave out what the `openai` package adds to a message, unless it says something."""
    if not isinstance(answer, dict):
        return answer
    message = cast("dict[str, object]", answer)
    return {
        name: value
        for name, value in message.items()
        if name not in MESSAGE_OF_ITS_OWN or value is not None
    }
