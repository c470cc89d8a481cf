"""Ada, who approves runs of a sample project, and what is registered after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sample_project import answers

from llmops.approval import approval_bytes
from llmops.pipeline.approve import Statement, draft, record
from llmops.pipeline.register import register
from llmops.signing import generate, load_private_key, sign

if TYPE_CHECKING:
    from sample_project import Project

    from llmops.domain.release import Release

ENVIRONMENT = "prod"


def approve(
    project: Project,
    *variants: str,
    max_traffic: float = 50,
    ago: timedelta = timedelta(),
    environment: str = ENVIRONMENT,
) -> None:
    """Let Ada approve the newest run's configuration whose label has these variants, for a week."""
    root, run = project.folder, project.runs[-1]
    key = root / "ada.pem"
    if not key.exists():
        line = generate(key, "")
        (root / "experiments" / "approvers.yaml").write_text(
            f"environments: {{{ENVIRONMENT}: {{}}, elsewhere: {{}}}}\n"
            f"reviewers: [{{name: Ada, emails: [ada], key: {line}}}]\n"
        )
    statement = Statement(
        verdict="approve",
        reviewer="Ada",
        reason="good",
        environment=environment,
        max_traffic=max_traffic,
        expires=datetime.now(UTC) + timedelta(days=7),
        configuration=labelled(project, *variants),
    )
    approval = draft(root, run, statement)
    made, ends = (
        f"{each - ago:%Y-%m-%dT%H:%M:%S+00:00}" for each in (approval.made, approval.ends)
    )
    approval = replace(approval, created=made, expires=ends)
    record(root, run, approval, sign(load_private_key(key, str), approval_bytes(approval)))


def labelled(project: Project, *variants: str) -> str:
    """Return the label of the configuration that has all of these variants."""
    labels = (label for label, _ in answers(project.runs[-1]))
    return next(label for label in labels if all(each in label for each in variants))


@dataclass(frozen=True)
class Released:
    """A project with a run and releases of it; the first variants are those of `<name>/1`."""

    project: Project
    releases: tuple[Release, ...]


def release(project: Project, *configurations: tuple[str, ...], max_traffic: float) -> Released:
    """Approve and register each of the configurations, given by their variants."""
    releases: list[Release] = []
    for variants in configurations:
        approve(project, *variants, max_traffic=max_traffic)
        releases.append(register(project.folder, project.runs[-1], ENVIRONMENT))
    return Released(project, tuple(releases))
