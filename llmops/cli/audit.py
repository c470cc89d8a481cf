"""`llmops audit`: verify the ledger and all that it vouches for, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmops.cli.options import Project


def audit(
    *,
    head: Annotated[
        str, typer.Option(help="A head that was printed before; it must still be in the chain.")
    ] = "",
    project: Project = Path(),
) -> None:
    """Check chain, signatures, evidence and releases; exit 5 with all that is broken."""
    from llmops.errors import ApprovalError
    from llmops.pipeline.audit import audit as check

    verified = check(project.resolve(), head)
    kinds: dict[str, int] = {}
    for entry in verified.records:
        kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    print(f"{len(verified.records)} records{': ' if counted else ''}{counted}")
    for run in verified.absent:
        print(f"not on this machine: {run}")
    print(f"head: {verified.head}")
    if verified.breaks:
        raise ApprovalError("\n".join(map(str, verified.breaks)))
