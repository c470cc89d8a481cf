"""`llmops compare`: what has changed from one run to another, line by line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from llmops.cli.options import Project

if TYPE_CHECKING:
    from rich.table import Table

    from llmops.domain.comparison import RunComparison

_LOG_WIDTH: Final = 120
"""Where there is no terminal, a table need not fit into one."""


def compare(
    first: Annotated[str, typer.Argument(metavar="RUN_A", help="The run to compare with.")],
    second: Annotated[str, typer.Argument(metavar="RUN_B", help="The run to judge.")],
    *,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    project: Project = Path(),
) -> None:
    """Compare run B with run A on the lines that both answered."""
    from llmops.comparison import compare_runs
    from llmops.store import RunReader, find_run
    from llmops.store.encoding import encode

    folders = (find_run(project.resolve(), run) for run in (first, second))
    compared = compare_runs(*(RunReader(folder) for folder in folders))
    if json_:
        print(encode(compared))
    else:
        _print(compared)


def _print(compared: RunComparison) -> None:
    from rich.console import Console
    from rich.text import Text

    width = None if sys.stdout.isatty() else _LOG_WIDTH
    console = Console(highlight=False, width=width)
    for new, old in compared.matches.items():
        other = "" if new == old else f", against {compared.names[old]}"
        console.print(Text(f"{compared.names[new]}{other}"))
        console.print(_table(compared, new))
    for line in (*compared.notes, summary(compared)):
        console.print(Text(line))


def summary(compared: RunComparison) -> str:
    """Return in a sentence what the second run is shown to be."""
    names = f"{compared.second} against {compared.first}"
    if not any(effect.pairs for effect in compared.effects):
        return f"{names}: no line pairs, so nothing can be compared."
    better, worse = (
        sum(effect.finding == finding for effect in compared.effects)
        for finding in ("better", "worse")
    )
    family = compared.family
    tests = "1 test" if family.size == 1 else f"{family.size} tests"
    corrected = f"{tests}, {family.method}-corrected at {family.alpha:.3g}"
    if not better and not worse:
        return f"{names}: no difference is shown ({corrected})."
    return f"{names}: better in {better}, worse in {worse} of {corrected}."


def _table(compared: RunComparison, configuration: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from llmops.reporters.wording import between, change, p_value, score

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("dataset", "metric"):
        table.add_column(name, overflow="fold")
    interval = f"{1 - compared.family.alpha:.0%} interval"
    for name in ("A", "B", "change", interval, "p", "lines"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("finding", overflow="fold")
    for effect in compared.effects:
        if effect.configuration != configuration:
            continue
        cells = (
            effect.dataset,
            effect.metric,
            score(effect.baseline_value, effect.kind),
            score(effect.value, effect.kind),
            change(effect.difference, effect.kind),
            between(effect.interval, effect.kind),
            p_value(effect.p_adjusted),
            f"{effect.pairs:,}",
            effect.reason or effect.finding,
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table
