"""What evaluators said of production requests: kept, so that none is paid for twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from llmops.canonical import digest
from llmops.store import AppendedLines
from llmops.store.encoding import encode
from llmops.store.records import answer_of, call_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from llmops.domain.call import Answer
    from llmops.domain.run import CallRecord, Evaluation
    from llmops.redaction import Redactor

FILE: Final = "verdicts.jsonl"


def verdict_key(evaluator: str, request: str, inputs: Mapping[str, object]) -> str:
    """Return what names one evaluator's word on one request; `evaluator` identifies its code.

    The inputs are part of it: with feedback that came later a request is judged anew.
    """
    text = encode([evaluator, request, inputs])
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def evaluator_identity(name: str, flow: str, repeats: int, connections: Iterable[str]) -> str:
    """Return the same text as long as the evaluator would say the same: by its digests."""
    return digest({"name": name, "flow": flow, "repeats": repeats, "who": sorted(connections)})


@dataclass(slots=True, kw_only=True)
class Verdicts:
    """The file beside the endpoint's reports, and what it holds: numbers by output, by key.

    `calls` are paid answers of verdicts that never came to their end, by key. `failed` counts
    those that failed at this look; they are asked for again at the next.
    """

    path: Path
    redact: Redactor
    numbers: dict[str, Mapping[str, float]] = field(
        default_factory=dict[str, "Mapping[str, float]"]
    )
    calls: dict[str, dict[str, Answer]] = field(default_factory=dict[str, "dict[str, Answer]"])
    failed: int = 0
    _lines: AppendedLines = field(init=False)

    def __enter__(self) -> Self:
        """Open the file and read it.

        Raises:
            LLMOpsError: when it cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        step = "what was judged so far is kept; mend this and look again"
        self._lines = AppendedLines(self.path, step)
        with self.path.open("rb") as file:
            for line in file:
                self._take(json.loads(line))
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file."""
        self._lines.close()

    def add_call(self, key: str, record: CallRecord) -> None:
        """Keep a paid answer before anyone uses it."""
        self._lines.append(self.redact(encode({"key": key, "call": call_fields(record)})))

    def add(self, key: str, evaluation: Evaluation) -> None:
        """Keep a verdict's numbers, unless it failed."""
        if evaluation.error:
            self.failed += 1
            return
        verdict = numbers_of(evaluation.outputs)
        self._lines.append(encode({"key": key, "verdict": verdict}))
        self.numbers[key] = verdict
        self.calls.pop(key, None)

    def _take(self, record: dict[str, Any]) -> None:
        key = str(record["key"])
        if "verdict" in record:
            self.numbers[key] = record["verdict"]
            self.calls.pop(key, None)
        else:
            call = record["call"]
            self.calls.setdefault(key, {})[call["key"]] = answer_of(call)


def numbers_of(outputs: Mapping[str, object]) -> dict[str, float]:
    """Return the outputs that are a number or a boolean.

    >>> numbers_of({"correct": True, "score": 4, "why": "short", "none": None})
    {'correct': 1.0, 'score': 4.0}
    """
    return {
        name: float(value)
        for name, value in outputs.items()
        if isinstance(value, bool | int | float)
    }
