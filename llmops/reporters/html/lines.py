"""Every line of a run, packed for the page: compressed blocks that it opens when it shows them.

A block is zlib-compressed JSON in base64. Rows are arrays whose places are named once, in the
index, so that 10,000 lines of 12 configurations stay a few megabytes. The index also holds, per
row, what the filters need; nothing else is unpacked before it is looked at.
"""

from __future__ import annotations

import base64
import json
import zlib
from array import array
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from llmops.reporters.html.changes import Changes
from llmops.reporters.html.facets import Facet, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.comparison import Comparison
    from llmops.domain.report import RunReport
    from llmops.domain.run import LineError, LineRecord, LineResult
    from llmops.reporters.html.names import Name
    from llmops.store import RunReader

_BLOCK_ROWS: Final = 250
_BLOCK_CHARACTERS: Final = 400_000
_MOST_COLUMNS: Final = 31
"""A row's differences are bits of a 32-bit integer in the page."""

Packed = list[Any]
"""A JSON array whose places have a fixed meaning."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive rows."""

    number: int
    packed: str


class PackedLines:
    """Blocks to be written one by one, and then the index of them all."""

    def __init__(
        self,
        reader: RunReader,
        report: RunReport,
        comparison: Comparison,
        names: Mapping[str, Name],
        focus: str,
    ) -> None:
        """Prepare; nothing is read yet. `focus` is shown beside the baseline."""
        self._reader = reader
        self._report = report
        self._names = names
        self._focus = focus
        self._labels = comparison.analysis.labels
        self._changes = Changes(report, comparison)
        self._columns = report.columns
        places = {item.id: place for place, item in enumerate(report.configurations)}
        self._places: Mapping[str, int] = {
            trial["id"]: places[trial["configuration"]] for trial in reader.manifest["trials"]
        }
        columns = [*report.columns.outputs, *map(".".join, report.columns.evaluations)]
        self._facets = [Facet(column, len(places)) for column in columns[:_MOST_COLUMNS]]
        self._starts: list[int] = []
        self._datasets, self._repeats = array("H"), array("H")
        self._lines, self._differing = array("L"), array("L")

    def blocks(self) -> Iterator[Block]:
        """Yield all rows in the order of the evidence."""
        rows: list[str] = []
        characters = 0
        for record in self._reader.lines():
            if len(rows) >= _BLOCK_ROWS or characters > _BLOCK_CHARACTERS:
                yield self._block(rows)
                rows, characters = [], 0
            rows.append(self._row(record))
            characters += len(rows[-1])
        if rows:
            yield self._block(rows)

    def index(self) -> str:
        """Return the packed index; only after all blocks."""
        return _pack(
            json.dumps(
                {
                    **self._vocabulary(),
                    "starts": self._starts,
                    "rows": {
                        "dataset": self._datasets.tolist(),
                        "line": self._lines.tolist(),
                        "repeat": self._repeats.tolist(),
                        "differing": self._differing.tolist(),
                    },
                    "changes": self._changes.packed(),
                    "facets": [facet.packed() for facet in self._facets],
                },
                ensure_ascii=False,
                separators=(",", ":"),
            )
        )

    def _vocabulary(self) -> dict[str, object]:
        """Return the names that the places in rows stand for."""
        ids = [item.id for item in self._report.configurations]
        baseline = self._report.baseline
        return {
            "configurations": [asdict(self._names[name]) for name in ids],
            "baseline": ids.index(baseline.id) if baseline else None,
            "focus": ids.index(self._focus),
            "currency": self._report.currency,
            "datasets": list(self._report.datasets),
            "repeats": self._report.repeats,
            "data": self._columns.data,
            "outputs": self._columns.outputs,
            "evaluations": self._columns.evaluations,
            "expected": self._labels and self._labels.expected,
        }

    def _block(self, rows: Sequence[str]) -> Block:
        self._starts.append(len(self._lines) - len(rows))
        return Block(len(self._starts) - 1, _pack("[" + ",".join(rows) + "]"))

    def _row(self, record: LineRecord) -> str:
        results: list[LineResult | None] = [None] * len(self._report.configurations)
        for trial, result in record.results.items():
            if trial in self._places:
                results[self._places[trial]] = result
        packed = [None if result is None else self._result(result) for result in results]
        self._datasets.append(list(self._report.datasets).index(record.dataset))
        self._lines.append(record.line)
        self._repeats.append(record.repeat)
        self._changes.add(record, results)
        self._differing.append(self._differences(packed))
        data = [record.data.get(name) for name in self._columns.data]
        return json.dumps([data, packed], ensure_ascii=False, separators=(",", ":"))

    def _result(self, result: LineResult) -> Packed:
        """Return outputs, verdicts, seconds, tokens in and out, calls, cost and the errors."""
        verdicts: Packed = []
        for evaluator, name in self._columns.evaluations:
            evaluation = result.evaluations.get(evaluator)
            verdicts.append(evaluation.outputs.get(name) if evaluation else None)
        failed = {
            evaluator: _said(evaluation.error)
            for evaluator, evaluation in result.evaluations.items()
            if evaluation.error
        }
        return [
            [result.outputs.get(name) for name in self._columns.outputs],
            verdicts,
            round(result.seconds, 3),
            result.usage.prompt_tokens,
            result.usage.completion_tokens,
            result.calls,
            None if result.cost is None else round(result.cost, 9),
            _said(result.error) if result.error else None,
            failed or None,
        ]

    def _differences(self, results: Sequence[Packed | None]) -> int:
        """Note the row in every facet; return a bit for each column that differs."""
        bits = 0
        for column, facet in enumerate(self._facets):
            texts = [
                None if result is None or result[7] else text_of((result[0] + result[1])[column])
                for result in results
            ]
            facet.add(texts)
            bits |= (len({text for text in texts if text is not None}) > 1) << column
        return bits


def _said(error: LineError) -> str:
    where = f"{error.node}: " if error.node else ""
    return f"{where}{error.kind}: {error.message}"


def _pack(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()
