"""`llmops gate`: exit 4 unless a run meets every gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmops.cli.options import Project, Run
from llmops.errors import GateError

if TYPE_CHECKING:
    from llmops.pipeline.gate import Gated


def gate(
    run: Run = "latest",
    *,
    configuration: Annotated[
        str | None,
        typer.Option(help="Judge this configuration, by its label. Default: the recommended one."),
    ] = None,
    env: Annotated[
        str,
        typer.Option(help="Where gates against what is deployed look. Default: changed last."),
    ] = "",
    project: Project = Path(),
) -> None:
    """Check the experiment's gates for what a run recommends to release."""
    from llmops.pipeline.gate import gate as check
    from llmops.pipeline.record import record_gates
    from llmops.store import find_run

    folder = find_run(project.resolve(), run)
    found = check(folder, configuration=configuration, environment=env)
    if not found.results:
        print(f"run {found.run}: its experiment states no gates")
        return
    record_gates(project.resolve(), folder, found.results)
    print(f"run {found.run}, {found.label or 'no configuration recommended'}")
    for result in found.results:
        print(f"{result.status:>14}  {result.wanted}: {result.sentence}")
    if found.unmet:
        raise GateError(_unmet(found))


def _unmet(found: Gated) -> str:
    gates = "1 gate is" if len(found.unmet) == 1 else f"{len(found.unmet)} gates are"
    lines = (f"  {result.sentence}" for result in found.unmet)
    return "\n".join([f"{gates} not met:", *lines])
