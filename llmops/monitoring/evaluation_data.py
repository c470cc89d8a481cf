"""What a release was evaluated on: the inputs and outputs of its run, as production has them."""

from __future__ import annotations

import hashlib
import heapq
from typing import TYPE_CHECKING, cast

from llmops.domain.flow import FlowInput
from llmops.errors import LLMOpsError
from llmops.experiment.mappings import compile_mappings
from llmops.store import RunReader, find_run
from llmops.store.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.release import Release

    Raw = Mapping[str, object]
    Pair = tuple[Raw, Raw]


def evaluation_data(project: Path, release: Release, most: int) -> tuple[list[Pair], str]:
    """Return inputs and outputs of at most so many lines, drawn by digest, or none and why."""
    run = str(release.lineage.get("run", ""))
    if not run:
        return [], f"drift is not checked: {release.label} names no run"
    try:
        reader = RunReader(find_run(project, run))
    except LLMOpsError:
        return [], f"drift is not checked: the run {run} of {release.label} is not here"
    wanted = release.configuration["id"]
    trials = {
        str(each["id"])
        for each in reader.manifest["trials"]
        if each["configuration"] == wanted and each["repeat"] == 0
    }
    sections = {each["name"]: each for each in reader.manifest["configuration"].get("datasets", ())}
    inputs = [FlowInput(name=name, type=kind) for name, kind in release.inputs.items()]
    heap: list[tuple[int, int, Pair]] = []
    count = 0
    for record in reader.lines():
        for trial in trials & record.results.keys():
            mappings = cast("Raw", sections.get(record.dataset, {}).get("mappings") or {})
            mapped = compile_mappings(mappings, inputs, tuple(record.data))(record.data)
            count += 1
            text = f"{record.dataset} {record.line} {encode(record.data)}"
            digest = int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8])
            entry = (-digest, count, (mapped, record.results[trial].outputs))
            heapq.heappush(heap, entry) if len(heap) < most else heapq.heappushpop(heap, entry)
    return [pair for _, _, pair in heap], ""
