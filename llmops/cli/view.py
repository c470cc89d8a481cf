"""`llmops view`: the runs of a project in a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    *,
    project: Annotated[
        Path, typer.Option(help="The folder that holds reports/.", file_okay=False, exists=True)
    ] = Path(),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address.")
    ] = False,
) -> None:
    """Show all runs, compare them, review one and sign the decision, until Ctrl-C."""
    import asyncio
    from contextlib import ExitStack

    from llmops.concurrency import run_interruptible
    from llmops.viewing import serve
    from llmops.viewing.browser import opened

    with ExitStack() as stack:

        def announce(url: str) -> None:
            print(f"{url}\nOnly this address opens the viewer, once. Ctrl-C ends it.", flush=True)
            if not no_browser:
                stack.enter_context(opened(url))

        try:
            run_interruptible(serve(project.resolve(), port=port, announce=announce))
        except asyncio.CancelledError:
            print("ended")
