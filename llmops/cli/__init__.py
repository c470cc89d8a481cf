"""The `llmops` command: one file per command, heavy imports only inside the one that runs."""

from __future__ import annotations

import os
import sys

import typer

from llmops.cli.approve import approve
from llmops.cli.audit import audit
from llmops.cli.build import build
from llmops.cli.compare import compare
from llmops.cli.delete import delete
from llmops.cli.deploy import deploy
from llmops.cli.gate import gate
from llmops.cli.keygen import keygen
from llmops.cli.monitor import monitor
from llmops.cli.plan import plan
from llmops.cli.promote import promote
from llmops.cli.register import register
from llmops.cli.reject import reject
from llmops.cli.releases import releases
from llmops.cli.render import render
from llmops.cli.report import report
from llmops.cli.rollback import rollback
from llmops.cli.run import run
from llmops.cli.schema import schema
from llmops.cli.serve import serve
from llmops.cli.status import status
from llmops.cli.track import track
from llmops.cli.traffic import traffic
from llmops.cli.view import view
from llmops.errors import Interrupted, LLMOpsError

app = typer.Typer(
    name="llmops",
    help="Run, compare and release variants of LLM flows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # formatting the help with rich would double its time
)
for command in (
    *(plan, run, report, compare, gate, view),
    *(keygen, approve, reject, audit, register),
    *(deploy, traffic, promote, rollback, monitor, status, delete),
    *(build, render, serve, track, schema),
):
    app.command()(command)
app.add_typer(releases)


def main() -> None:
    """Run the command line; every deliberate error ends here, with its exit code."""
    try:
        app()
    except Interrupted as stop:
        print(stop, file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(stop.exit_code)  # a tool that blocks in a thread must not keep us
    except LLMOpsError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
