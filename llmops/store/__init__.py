"""The only code that reads or writes a run's evidence: `manifest.json` and `run.jsonl`."""

from llmops.store.appending import AppendedLines
from llmops.store.bundle import Bundle, bundle
from llmops.store.folders import find_run, runs
from llmops.store.index import LineKey
from llmops.store.lock import exclusive
from llmops.store.reader import RunReader
from llmops.store.writer import RunWriter, replacing

__all__ = [
    "AppendedLines",
    "Bundle",
    "LineKey",
    "RunReader",
    "RunWriter",
    "bundle",
    "exclusive",
    "find_run",
    "replacing",
    "runs",
]
