"""An endpoint that was never served: its releases, its ledger and its logs, with a known truth."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from served_release import LONG, release_flow

from llmops import ledger
from llmops.domain.configuration import Configuration
from llmops.monitoring.watch import Order
from llmops.pipeline.monitor import monitor as look
from llmops.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sample_project import Project

    from llmops.pipeline.monitor import Watched

ENDPOINT = "dev/messages"
OLD, NEW = "messages-1", "messages-2"
SHORT = Configuration(variants={"summarise": "short", "classify": "direct"})

DEPLOYMENT = """\
endpoint: messages
target: {kind: local}
traffic:
  steps: [10, 50, 100]
  bake_minutes: 0
  bake_requests: 50
  must_hold:
  - {metric: exact_match.correct, max_drop: 0.1}
  - {metric: error_rate, at_most: 0.05}
  rollback_when:
  - {metric: exact_match.correct, drop: 0.05}
  - {metric: error_rate, above: 0.1}
monitor:
  evaluators:
  - name: exact_match
    mappings: {label: "${run.outputs.label}", expected: "${feedback.expected}"}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a deployment answers; `words` is the length of what it is asked."""

    right: float = 0.9
    errors: float = 0.0
    seconds: float = 0.2
    words: int = 6


@dataclass(slots=True)
class FakeEndpoint:
    """The endpoint of a sample project; `random` draws requests, `number` counts them."""

    project: Project
    random: random.Random
    number: int = 0

    @property
    def log(self) -> Path:
        return self.project.folder / "reports" / "production" / ENDPOINT

    @property
    def access_log(self) -> Path:
        return self.project.folder / "reports" / "endpoints" / ENDPOINT / "access.jsonl"

    def describe(self, text: str = DEPLOYMENT) -> None:
        """Write the deployment file."""
        place = self.project.folder / "experiments" / "messages" / "deployment.yaml"
        place.write_text(text)

    def split(self, percent: Mapping[str, int], sticky: str = "", **mirror: int) -> None:
        """Tell the ledger who has which share."""
        body = {
            "endpoint": ENDPOINT,
            "target": "local",
            "releases": {name: name.replace("-", "/") for name in percent},
            "traffic": dict(percent),
            "mirror": {name.replace("_", "-"): share for name, share in mirror.items()},
            "sticky": sticky,
            "reason": "",
        }
        ledger.append(self.project.folder, "traffic", body, "grace")

    def serve(
        self,
        shares: Mapping[str, float],
        requests: int,
        behaviours: Mapping[str, Behaviour] | None = None,
        *,
        feedback: bool = True,
    ) -> None:
        """Log so many requests, from now on; each goes to a deployment by chance."""
        started = datetime.now(UTC).timestamp() + 1
        lines: dict[str, list[str]] = {name: [] for name in shares}
        names, weights = list(shares), list(shares.values())
        for place in range(requests):
            (name,) = self.random.choices(names, weights)
            record = self._score(name, started + place / 1000, (behaviours or {}).get(name))
            lines[name].append(json.dumps(record))
            if feedback:
                lines[name].append(json.dumps(self._feedback(record)))
        for name, written in lines.items():
            self.write(name, written)

    def write(self, name: str, lines: Sequence[str], end: str = "\n") -> None:
        """Add lines to a new file of a deployment's log."""
        folder = self.log / name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"20260101-000000-1-{len(list(folder.iterdir()))}.jsonl"
        path.write_text("\n".join(lines) + end)

    def _score(self, name: str, at: float, behaviour: Behaviour | None) -> dict[str, object]:
        how = behaviour or Behaviour()
        self.number += 1
        failed = self.random.random() < how.errors
        right = self.random.random() < how.right
        words = self.random.choices(("order", "late", "refund", "thanks", "where"), k=how.words)
        seconds = how.seconds * self.random.lognormvariate(0, 0.5)
        return {
            "time": datetime.fromtimestamp(at + seconds, UTC).isoformat(timespec="milliseconds"),
            "deployment": name,
            "release": name.replace("-", "/"),
            "kind": "score",
            "request": f"request-{self.number}",
            "status": 500 if failed else 200,
            "inputs": {"text": f"message {self.number} {' '.join(words)}"},
            "outputs": None if failed else {"label": "positive" if right else "negative"},
            "error": {"kind": "tool", "message": "no"} if failed else None,
            "seconds": round(seconds, 6),
            "calls": 2,
            "prompt_tokens": 100,
            "completion_tokens": 5,
        }

    def _feedback(self, record: Mapping[str, object]) -> Mapping[str, object]:
        about = {key: record[key] for key in ("time", "deployment", "release", "request")}
        return {**about, "kind": "feedback", "feedback": {"expected": "positive"}}

    def look(self, **parts: object) -> Watched:
        """Look as `llmops monitor` does, in this process."""
        return asyncio.run(self.looking(**parts))

    async def looking(self, **parts: object) -> Watched:
        usual = {"project": self.project.folder, "experiment": "messages", "environment": "dev"}
        order = Order(**cast("dict[str, Any]", {**usual, **parts}))
        return await look(order, Progress())

    def records(self) -> list[Mapping[str, Any]]:
        """Return what the ledger has of looks."""
        found = ledger.verify(self.project.folder).records
        return [record.body for record in found if record.kind == "monitor"]


def make_endpoint(project: Project, seed: int = 1) -> FakeEndpoint:
    """Register two releases of the project's flow, and describe the endpoint."""
    flow = project.folder / "flows" / "classify_messages"
    for configuration in (SHORT, LONG):
        release_flow(project.folder, flow, configuration)
    endpoint = FakeEndpoint(project, random.Random(seed))  # noqa: S311  draws requests, no keys
    endpoint.describe()
    return endpoint
