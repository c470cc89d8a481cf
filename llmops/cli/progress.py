"""Shows how far a run is: a live line in a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from llmops.progress import Progress

PLAIN_INTERVAL_S = 5.0
LIVE_REFRESH_PER_S = 4


@contextmanager
def shown(progress: Progress, stream: TextIO, currency: str) -> Generator[None]:
    """Show the counters on the stream until the block ends, then once more for good."""
    started = time.monotonic()

    def elapsed_s() -> float:
        return time.monotonic() - started

    display = _live if stream.isatty() else _plain
    with display(progress, elapsed_s, stream, currency):
        yield


def describe(progress: Progress, elapsed_s: float, currency: str) -> str:
    """Return the counters as one line; parts that say nothing are left out.

    >>> from llmops.progress import Progress
    >>> describe(Progress(lines_total=10, lines_done=5, calls=20), 10.0, "USD")
    '5/10 lines, 20 calls (2.0/s), 0 tokens, 0 errors'
    """
    rate = progress.calls / elapsed_s if elapsed_s > 0 else 0.0
    parts = [
        f"{progress.lines_done:,}/{progress.lines_total:,} lines",
        f"{progress.calls:,} calls ({rate:,.1f}/s)",
        f"{progress.shared:,} shared" if progress.shared else "",
        f"{progress.prompt_tokens + progress.completion_tokens:,} tokens",
        f"{progress.cost:,.4f} {currency}" if progress.cost is not None else "",
        f"{progress.errors:,} errors",
    ]
    return ", ".join(part for part in parts if part)


def time_left(progress: Progress, elapsed_s: float) -> str:
    """Return the time that the remaining lines will take at the rate so far; empty if unknown.

    >>> from llmops.progress import Progress
    >>> time_left(Progress(lines_total=10, lines_done=5), 10.0)
    '00:10 left'
    """
    done = progress.lines_done - progress.resumed_lines
    remaining = progress.lines_total - progress.lines_done
    if not remaining or not done:
        return ""
    minutes, seconds = divmod(round(elapsed_s / done * remaining), 60)
    return f"{minutes:02}:{seconds:02} left"


@contextmanager
def _plain(
    progress: Progress, elapsed_s: Callable[[], float], stream: TextIO, currency: str
) -> Generator[None]:
    ended = threading.Event()

    def line() -> str:
        parts = describe(progress, elapsed_s(), currency), time_left(progress, elapsed_s())
        return ", ".join(part for part in parts if part)

    def report() -> None:
        while not ended.wait(PLAIN_INTERVAL_S):
            print(line(), file=stream, flush=True)

    thread = threading.Thread(target=report, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        print(line(), file=stream, flush=True)


@contextmanager
def _live(
    progress: Progress, elapsed_s: Callable[[], float], stream: TextIO, currency: str
) -> Generator[None]:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    def picture() -> Group:
        bar = Table.grid(padding=(0, 1))
        total, done = progress.lines_total or 1, progress.lines_done
        bar.add_row(ProgressBar(total, done, width=40), time_left(progress, elapsed_s()))
        return Group(bar, Text(describe(progress, elapsed_s(), currency)))

    with Live(
        get_renderable=picture,
        console=Console(file=stream),
        refresh_per_second=LIVE_REFRESH_PER_S,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield
