"""What the verbs of an endpoint have in common: which one, how to wait, what to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from llmops.rollout.endpoint import Address, Endpoint
    from llmops.rollout.outcome import Outcome

Experiment = Annotated[str, typer.Argument(help="An experiment: its name, or its folder.")]
Environment = Annotated[str, typer.Option("--env", help="The environment of the endpoint.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would change, and stop.")]
Shares = Annotated[list[str], typer.Argument(help="Percent by deployment: reviews-1=90.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the ledger.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a key of deployment.yaml, e.g. 'target.kind=local'."),
]


def address(
    project: Path, experiment: str, environment: str, overrides: Sequence[str] | None
) -> Address:
    """Return which endpoint is meant."""
    from llmops.rollout.endpoint import Address

    return Address(
        project=project.resolve(),
        experiment=(Path.cwd() / experiment).name,
        environment=environment,
        overrides=overrides or (),
    )


def carry_out(
    project: Path,
    where: Callable[[], Address],
    verb: Callable[[Endpoint], Awaitable[Outcome]],
    *,
    dry_run: bool,
) -> None:
    """Run a verb to its end and print what changed; a record that a crash cut is mended first.

    Raises:
        Interrupted: when a signal ended it.
    """
    import asyncio
    import sys
    from contextlib import suppress

    from llmops import ledger
    from llmops.concurrency import run_interruptible
    from llmops.errors import ApprovalError, Interrupted
    from llmops.rollout.endpoint import open_endpoint

    if not dry_run:
        with suppress(ApprovalError):  # the verb says so where it matters
            ledger.mend(project.resolve())

    async def work() -> Outcome:
        async with open_endpoint(where()) as endpoint:
            for note in endpoint.file.notes:
                print(f"note: {note}", file=sys.stderr)
            return await verb(endpoint)

    try:
        outcome = run_interruptible(work())
    except asyncio.CancelledError:
        raise Interrupted("ended early; the same command goes on from here") from None
    for line in outcome.changes:
        print(f"would change  {line}" if dry_run else line)
    if not outcome.changes:
        print("nothing to change" if dry_run else "nothing changed")
    at = f" at {outcome.address}" if outcome.address else ""
    print(f"endpoint {outcome.endpoint}{at}")


def percentages(texts: Sequence[str], where: str) -> dict[str, int]:
    """Return the shares of `name=percent` texts.

    Raises:
        ConfigError: with every text that is none.
    """
    from llmops.errors import ConfigError, Fault

    shares: dict[str, int] = {}
    faults: list[Fault] = []
    for text in texts:
        name, _, percent = text.partition("=")
        if name and name not in shares and percent.isdecimal():
            shares[name] = int(percent)
        else:
            allowed = "name=percent, a whole number, each name once"
            faults.append(Fault(where=where, seen=repr(text), allowed=allowed))
    if faults:
        raise ConfigError(faults)
    return shares
