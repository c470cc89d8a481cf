"""`llmops reject`: sign that a run must not be released."""

from __future__ import annotations

from pathlib import Path

from llmops.cli.options import Project, Run
from llmops.cli.reviewing import Key, Reason, Reviewer, signed


def reject(
    run: Run,
    *,
    key: Key,
    reviewer: Reviewer,
    reason: Reason,
    project: Project = Path(),
) -> None:
    """Reject a run; approvals made before no longer count."""
    from llmops.pipeline.approve import Statement

    statement = Statement(verdict="reject", reviewer=reviewer, reason=reason)
    record = signed(project.resolve(), run, key, statement)
    print(f"rejected {record.body['run']}")
    print(f"ledger record {record.sequence}: {record.hash}")
