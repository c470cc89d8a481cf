"""`llmops approve`: sign that a run's configuration may go to an environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project, Run
from llmops.cli.reviewing import Key, Reason, Reviewer, signed


def approve(
    run: Run,
    *,
    key: Key,
    reviewer: Reviewer,
    reason: Reason,
    env: Annotated[str, typer.Option(help="The environment that it is for.")],
    max_traffic: Annotated[
        float, typer.Option(min=0, max=100, help="The greatest share of traffic, in percent.")
    ],
    expires: Annotated[str, typer.Option(help="Days such as 14d, or a date.")] = "14d",
    configuration: Annotated[
        str | None, typer.Option(help="Its label. Default: the one that the run recommends.")
    ] = None,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(help="An unmet gate or a broken guardrail that you accept. Repeatable."),
    ] = None,
    project: Project = Path(),
) -> None:
    """Approve a run; the record in the ledger is bound to the run's evidence as it is now."""
    from datetime import UTC, datetime

    from llmops.errors import ConfigError, Fault
    from llmops.pipeline.approve import Statement, expiry

    try:
        until = expiry(expires, datetime.now(UTC))
    except ValueError:
        fault = Fault(where="--expires", seen=repr(expires), allowed="14d, or 2027-01-31")
        raise ConfigError([fault]) from None
    statement = Statement(
        verdict="approve",
        reviewer=reviewer,
        reason=reason,
        environment=env,
        max_traffic=max_traffic,
        expires=until,
        configuration=configuration,
        acknowledged=acknowledge or (),
    )
    record = signed(project.resolve(), run, key, statement)
    body = record.body
    print(f"approved {body['label']} of {body['run']}")
    print(f"for {env} up to {max_traffic:g} % of traffic, until {body['expires']}")
    print(f"ledger record {record.sequence}: {record.hash}")
