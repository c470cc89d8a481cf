"""Reading a run: one pass finds where its records are, then each is read when asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from pydantic import TypeAdapter

from llmops.domain.analysis import Analysis
from llmops.errors import Fault, LLMOpsError
from llmops.store.index import Index
from llmops.store.lock import is_locked
from llmops.store.records import answer_of, line_of, traffic_plan_of
from llmops.store.writer import MANIFEST, RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from llmops.domain.call import Answer
    from llmops.domain.deployment import TrafficPlan
    from llmops.domain.run import LineRecord, Metric, Spent, Status
    from llmops.store.index import LineKey
    from llmops.store.records import Fields


class RunReader:
    """A run folder as it is when first asked; kinds of records that are not known are skipped."""

    def __init__(self, folder: Path) -> None:
        """Read the manifest; the records wait until they are needed.

        Raises:
            LLMOpsError: when there is no run, or its manifest can't be read.
        """
        self.folder = folder
        self._path = folder / RECORDS
        self.manifest = _read_manifest(folder / MANIFEST)

    @cached_property
    def analysis(self) -> Analysis:
        """Return what the run is to be judged by, as it was stated before the run."""
        return TypeAdapter(Analysis).validate_python(self.manifest.get("analysis", {}))

    @cached_property
    def traffic_plans(self) -> Mapping[str, TrafficPlan]:
        """Return how the winner would go live, by environment; empty where nobody had stated it."""
        stated: dict[str, Fields] = self.manifest.get("traffic_plans", {})
        return {name: traffic_plan_of(plan) for name, plan in stated.items()}

    @property
    def status(self) -> Status:
        """Return how the run stands; one whose process died is interrupted."""
        status = self._index.status
        return "interrupted" if status == "running" and not is_locked(self.folder) else status

    def completed(self) -> Mapping[LineKey, Mapping[str, bool]]:
        """Return, per line, the trials that have a result: True an output, False an error."""
        return self._index.completed

    def stopped(self) -> Mapping[tuple[str, str], int]:
        """Return what racing stopped: dataset and configuration id to the lines looked at."""
        return self._index.stopped

    def spent(self) -> Spent:
        """Return what all recorded calls took."""
        return self._index.spent

    def calls(self, dataset: str, line: int, repeat: int) -> Mapping[str, Answer]:
        """Return the paid answers of one line by key."""
        offsets = self._index.calls.get((dataset, line, repeat), ())
        if not offsets:
            return {}
        with self._path.open("rb") as file:
            records = [_record_at(file, offset) for offset in offsets]
        return {record["key"]: answer_of(record) for record in records}

    def lines(self) -> Iterator[LineRecord]:
        """Yield every line: datasets as in the manifest, then repeats, then lines."""
        index = self._index.lines
        if not index:
            return
        datasets = [dataset["name"] for dataset in self.manifest["datasets"]]

        def place(key: LineKey) -> tuple[int, int, int]:
            dataset, line, repeat = key
            return datasets.index(dataset), repeat, line

        with self._path.open("rb") as file:
            for key in sorted(index, key=place):
                first, *later = (line_of(_record_at(file, offset)) for offset in index[key])
                results = dict(first.results)
                for record in later:
                    results |= record.results
                yield replace(first, results=results)

    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics in the order first written."""
        return tuple(self._index.metrics.values())

    @cached_property
    def _index(self) -> Index:
        index = Index()
        for offset, record in self._records():
            index.add(offset, record)
        return index

    def _records(self) -> Iterator[tuple[int, Fields]]:
        """Yield each record with its offset; a last one that was cut short is not counted."""
        if not self._path.is_file():
            return
        offset = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    yield offset, self._decoded(line, number)
                offset += len(line)

    def _decoded(self, line: bytes, number: int) -> Fields:
        try:
            record: object = json.loads(line)
        except ValueError as error:
            raise self._damaged(number) from error
        if not isinstance(record, dict):
            raise self._damaged(number)
        return cast("Fields", record)

    def _damaged(self, number: int) -> LLMOpsError:
        fault = Fault(
            where=f"{self._path}:{number}",
            seen="this record is damaged",
            next_step="remove that line to go on without it; what it held counts as not run",
        )
        return LLMOpsError(str(fault))


def _record_at(file: BinaryIO, offset: int) -> Fields:
    file.seek(offset)
    return cast("Fields", json.loads(file.readline()))


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: object = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        fault = Fault(where=str(path.parent), seen=f"no run that can be read: {error}")
        raise LLMOpsError(str(fault)) from error
    if not isinstance(manifest, dict) or cast("Fields", manifest).get("format") != 1:
        fault = Fault(
            where=str(path),
            seen="written in a form that this version does not know",
            allowed="format 1",
            next_step="read it with the version that wrote it",
        )
        raise LLMOpsError(str(fault))
    return cast("dict[str, Any]", manifest)
