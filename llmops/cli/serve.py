"""`llmops serve`: a release behind HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from socket import socket


def serve(
    release: Annotated[
        str, typer.Argument(help="<name>/<number>, a name and a tag or stage, or its folder.")
    ],
    *,
    project: Annotated[
        Path, typer.Option(help="The folder that holds reports/ and .env.", file_okay=False)
    ] = Path(),
    host: Annotated[str, typer.Option(help="0.0.0.0 for all of this machine's.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
    concurrency: Annotated[
        int, typer.Option(min=1, help="Requests that a worker answers at once.")
    ] = 32,
    queue: Annotated[
        int, typer.Option(min=0, help="Requests that may wait for it; others get 429.")
    ] = 64,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds for a request.")] = 60,
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds for the last requests when it is told to end.")
    ] = 30,
    keep_alive: Annotated[
        float, typer.Option(min=0.001, help="Seconds for a connection without a whole request.")
    ] = 75,
    max_body_kb: Annotated[int, typer.Option(min=1, help="The largest body.")] = 4096,
    deployment: Annotated[str, typer.Option(help="Its name in logs. Default: the release.")] = "",
    log_sample: Annotated[
        float, typer.Option(min=0, max=1, help="The share of requests in the production log.")
    ] = 1.0,
    log_folder: Annotated[
        Path | None, typer.Option(help="Default: reports/production/<deployment>.")
    ] = None,
    digest: Annotated[
        str, typer.Option(help="Serve the release only if this is its digest. Default: any.")
    ] = "",
    log_inputs: Annotated[
        bool, typer.Option("--log-inputs", help="Show inputs in the log on standard error too.")
    ] = False,
) -> None:
    """Answer requests with a release until Ctrl-C or SIGTERM; accepted ones are answered first."""
    import asyncio
    import os

    from llmops.concurrency import run_interruptible
    from llmops.serving.served import prepare
    from llmops.serving.server import address_of, listen
    from llmops.serving.server import serve as serve_one
    from llmops.serving.settings import Settings
    from llmops.serving.workers import serve_with_workers

    root = project.resolve()
    served = prepare(root, release, digest)
    name = deployment or served.release.label
    settings = Settings(
        deployment=name,
        log_folder=(log_folder or root / "reports" / "production" / name).resolve(),
        host=host,
        port=port,
        concurrency=concurrency,
        queue=queue,
        timeout_seconds=timeout,
        grace_seconds=grace,
        keep_alive_seconds=keep_alive,
        max_bytes=max_body_kb * 1024,
        log_inputs=log_inputs,
        log_sample=log_sample,
        workers=workers,
    )

    def announce(place: socket) -> None:
        print(f"{served.release.label} on {address_of(place)}", flush=True)

    try:
        if workers > 1:
            run_interruptible(serve_with_workers(served, settings, root, announce))
        else:
            listener = listen(host, port)
            run_interruptible(serve_one(served, settings, listener, lambda: announce(listener)))
    except asyncio.CancelledError:
        print("ended", flush=True)
        os._exit(0)  # a tool that blocks in a thread must not keep us
