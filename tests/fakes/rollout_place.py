"""Two releases that are registered and approved, and an endpoint in memory to deploy them to."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from approving import ENVIRONMENT, Released, release
from llm_stub import LLMStub, served
from memory_target import MemoryTarget
from sample_project import Project, make_project

from llmops.deployment import load_deployment
from llmops.pipeline.audit import audit
from llmops.pipeline.delete import delete
from llmops.pipeline.deploy import Order, deploy
from llmops.pipeline.endpoint_status import endpoint_status
from llmops.pipeline.promote import Step, promote
from llmops.pipeline.rollback import rollback
from llmops.pipeline.traffic import traffic
from llmops.rollout.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Mapping
    from pathlib import Path

    from llmops.pipeline.endpoint_status import EndpointStatus
    from llmops.rollout.outcome import Outcome

    Verb = Callable[[Endpoint], Coroutine[object, object, Outcome]]

PLAN = "endpoint: inbox\ntraffic: {steps: [10, 50], bake_minutes: 0, bake_requests: 0}\n"
A, B = "messages-1", "messages-2"
ONE, TWO = ("long", "reasoned"), ("long", "direct")


@contextmanager
def registered_messages(folder: Path) -> Generator[Released]:
    """Run a project and register two of its configurations, each approved up to 100 %."""
    with served(LLMStub()) as stub:
        project = make_project(folder, stub)
        done = project.llmops("run", "experiments/messages", GITHUB_ACTOR="grace")
        assert done.returncode == 0, done.stderr
        made = release(project, ONE, TWO, max_traffic=100)
        (project.folder / "experiments/messages/deployment.yaml").write_text(PLAN)
        yield made


@dataclass
class Place:
    """A copy of the project, and what serves its releases."""

    project: Project
    target: MemoryTarget = field(default_factory=MemoryTarget)

    @property
    def folder(self) -> Path:
        return self.project.folder

    @property
    def endpoint(self) -> Endpoint:
        file = load_deployment(self.folder, "messages", ENVIRONMENT, overrides=self.overrides)
        return Endpoint(project=self.folder, file=file, target=self.target)

    @property
    def shares(self) -> dict[str, int]:
        return {name: each for name, each in self.target.routing.percent.items() if each}

    def plan(self, text: str) -> None:
        (self.folder / "experiments/messages/deployment.yaml").write_text(text)

    def do(self, verb: Verb) -> Outcome:
        return asyncio.run(verb(self.endpoint))

    def deploy(self, number: int, *, dry_run: bool = False, **parts: object) -> Outcome:
        order = Order(project=self.folder, release=f"messages/{number}", environment=ENVIRONMENT)
        order = replace(order, **parts)
        return self.do(lambda endpoint: deploy(endpoint, order, self.said.append, dry_run=dry_run))

    def promote(self, *, dry_run: bool = False, **parts: object) -> Outcome:
        step = replace(Step(), **parts)
        return self.do(lambda endpoint: promote(endpoint, step, dry_run=dry_run))

    def rollback(self, *, dry_run: bool = False) -> Outcome:
        return self.do(lambda endpoint: rollback(endpoint, "it is rude", dry_run=dry_run))

    def traffic(
        self, *, mirror: Mapping[str, int] | None = None, dry_run: bool = False, **percent: int
    ) -> Outcome:
        shares = {name.replace("_", "-"): each for name, each in percent.items()}
        return self.do(lambda endpoint: traffic(endpoint, shares, mirror or {}, dry_run=dry_run))

    def delete(self, name: str = "", *, dry_run: bool = False) -> Outcome:
        return self.do(lambda endpoint: delete(endpoint, name, dry_run=dry_run))

    def status(self) -> EndpointStatus:
        return asyncio.run(endpoint_status(self.endpoint))

    said: list[str] = field(default_factory=list[str])
    overrides: tuple[str, ...] = ()

    def copy(self, name: str) -> Place:
        """Return the same place again, beside this one, with nobody killed in it."""
        copied = Place(Project(self.folder.with_name(name), self.project.variables))
        shutil.copytree(self.folder, copied.folder)
        copied.target = replace(self.target, deployments=dict(self.target.deployments))
        copied.target.restart(None)
        return copied

    def recorded(self) -> list[tuple[str, dict[str, int]]]:
        """Return kind and shares of every change in the ledger, which must be sound."""
        assert audit(self.folder).breaks == ()
        changes = [each.change for each in self.endpoint.history()]
        return [(each.kind, dict(each.routing.percent)) for each in changes]
