"""The only code that reads or writes a run's evidence: `manifest.json` and `run.jsonl`."""

from llmops.store.folders import find_run, runs
from llmops.store.reader import LineKey, RunReader
from llmops.store.writer import RunWriter, replacing

__all__ = ["LineKey", "RunReader", "RunWriter", "find_run", "replacing", "runs"]
