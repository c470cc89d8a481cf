"""Made-up runs, written as real ones are, for tests of what reads them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from llmops.domain.call import Answer, Usage
from llmops.domain.configuration import Configuration
from llmops.domain.run import (
    CallRecord,
    Evaluation,
    LineError,
    LineRecord,
    LineResult,
    Metric,
    Trial,
)
from llmops.store import RunWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LABELS = ("negative", "neutral", "positive")
REMARKS = (
    "The delivery was late, but the staff made up for it.",
    "The battery lasts two days and the screen is bright.",
    "Cold soup, a noisy table, and nobody said sorry.",
    "It does what the box says, no more.",
    "Sturdy, quick to set up, and cheap for what it is.",
    "The hinge broke in the first week.",
    "We waited an hour and left before the main course.",
    "My mother uses it every day; that says enough.",
)
ANALYSIS: dict[str, object] = {
    "objective": {"metric": "exact.accuracy", "direction": "maximize", "margin": 0.02},
    "guardrails": [{"metric": "exact.words", "direction": "minimize", "margin": 1.0}],
    "gates": [
        {"metric": "exact.accuracy", "at_least": 0.5},
        {"metric": "error_rate", "at_most": 0.0},
    ],
    "slices": ["label"],
    "labels": {"expected": "label", "predicted": "sentiment"},
}
"""What a run is judged by whose evaluator gives numbers for each line."""
BASELINE = Configuration(variants={"summarise": "short", "classify": "plain"})


def configurations(count: int) -> tuple[Configuration, ...]:
    """Return that many configurations of two nodes, the baseline first."""
    pairs = [(a, b) for b in ("plain", "few_shot", "steps", "rules") for a in ("short", "long")]
    pairs += [(a, b) for b in ("strict", "json") for a in ("short", "long")]
    return tuple(Configuration(variants={"summarise": a, "classify": b}) for a, b in pairs[:count])


def manifest(
    configurations: Sequence[Configuration],
    lines: int,
    *,
    datasets: Sequence[str] = ("reviews",),
    repeats: int = 1,
    run_id: str = "20260102-030405-abcd",
) -> dict[str, object]:
    """Return the manifest of a run of these configurations."""
    return {
        "format": 1,
        "run_id": run_id,
        "experiment": "reviews",
        "author": "grace@example.com",
        "created": "2026-01-02T03:04:05+00:00",
        "env": "dev",
        "configuration": {"name": "reviews", "flow": "flows/reviews"},
        "flow": {"path": "flows/reviews", "digest": "f" * 64},
        "evaluators": [
            {"name": "exact", "path": "flows/exact", "digest": "e" * 64, "outputs": ["grade"]}
        ],
        "datasets": [
            {"name": name, "source": f"datasets/{name}.jsonl", "sha256": "d" * 64, "lines": lines}
            for name in datasets
        ],
        "trials": [
            {
                "id": trial.id,
                "configuration": trial.configuration.id,
                "label": trial.configuration.label,
                "variants": dict(trial.configuration.variants),
                "parameters": dict(trial.configuration.parameters),
                "dataset": trial.dataset,
                "repeat": trial.repeat,
            }
            for trial in trials(configurations, datasets, repeats)
        ],
        "prompts": {
            node: {
                each.id: f"You {node} reviews.\nStyle: {each.variants[node]}.\n\n{{{{text}}}}"
                for each in configurations
            }
            for node in ("summarise", "classify")
        },
        "baseline": BASELINE.id,
        "analysis": {"objective": {"metric": "exact.accuracy", "direction": "maximize"}},
        "currency": "USD",
        "code": {"commit": "0123456789abcdef", "dirty": False},
        "packages": {"llmops": "0.1.0", "promptflow": "1.18.5"},
        "python": "3.11.7",
        "platform": "Linux-x86_64",
        "command": "llmops run experiments/reviews",
    }


def trials(
    configurations: Sequence[Configuration], datasets: Sequence[str], repeats: int = 1
) -> tuple[Trial, ...]:
    """Return the grid of trials."""
    return tuple(
        Trial(configuration=configuration, dataset=dataset, repeat=repeat)
        for dataset in datasets
        for repeat in range(repeats)
        for configuration in configurations
    )


def digit(*parts: object) -> int:
    """Return a number in [0, 100) that depends on the parts only."""
    return hashlib.sha256(repr(parts).encode()).digest()[0] * 100 // 256


def line_record(
    dataset: str, line: int, repeat: int, work: Sequence[Trial], *, scored: bool = False
) -> LineRecord:
    """Return a line of a review, some of whose results are errors or wrong.

    With `scored` its evaluator gives numbers beside the word.
    """
    text = " ".join(REMARKS[digit(line, place) % len(REMARKS)] for place in range(3))
    label = LABELS[digit(dataset, line) % 3]
    results = {
        trial.id: _result(trial, line, place, label, scored=scored)
        for place, trial in enumerate(work)
        if trial.dataset == dataset and trial.repeat == repeat
    }
    return LineRecord(
        dataset=dataset,
        line=line,
        repeat=repeat,
        data={"text": f"{text} ({line})", "label": label},
        results=results,
    )


def _result(trial: Trial, line: int, place: int, label: str, *, scored: bool) -> LineResult:
    if digit(trial.id, line, "error") < 2:
        error = LineError(node="classify", kind="timeout", message="no answer within 30 s")
        return LineResult(
            outputs={},
            seconds=30.0,
            usage=Usage(),
            calls=0,
            paid_calls=0,
            cost=None,
            error=error,
        )
    right = digit(trial.id, line) < 60 + 7 * place % 35
    answer = label if right else LABELS[(LABELS.index(label) + 1) % 3]
    return LineResult(
        outputs={"sentiment": answer, "reason": f"The decisive remark is number {line % 3 + 1}."},
        seconds=0.2 + digit(trial.id, line, "s") / 200 + place / 20,
        usage=Usage(prompt_tokens=80 + 20 * place, completion_tokens=5 + line % 7),
        calls=2,
        paid_calls=2 if place == 0 else 1,
        cost=0.00002 * (4 + place),
        evaluations={
            "exact": Evaluation(outputs=_judged(line, right=right, scored=scored)),
        },
    )


def _judged(line: int, *, right: bool, scored: bool) -> dict[str, object]:
    numbers: dict[str, object] = {"accuracy": right, "words": 10 + line % 5}
    return {"grade": "correct" if right else "wrong", **(numbers if scored else {})}


def write_run(
    folder: Path,
    *,
    lines: int = 20,
    count: int = 4,
    datasets: Sequence[str] = ("reviews",),
    repeats: int = 1,
    scored: bool = False,
) -> Path:
    """Write a completed run and return its folder; a scored one can be compared line by line."""
    chosen = configurations(count)
    work = trials(chosen, datasets, repeats)
    content = manifest(chosen, lines, datasets=datasets, repeats=repeats)
    if scored:
        content["analysis"] = ANALYSIS
    writer = RunWriter.create(folder, content, secrets=())
    writer.write_event("started")
    counts = {trial.id: [0, 0] for trial in work}
    for dataset in datasets:
        for repeat in range(repeats):
            for line in range(lines):
                record = line_record(dataset, line, repeat, work, scored=scored)
                writer.write_call(call_record(dataset, line, repeat))
                writer.write_line(record)
                for trial, result in record.results.items():
                    if result.error is None:
                        good = result.evaluations["exact"].outputs["grade"] == "correct"
                        counts[trial][0] += good
                        counts[trial][1] += 1
    writer.write_metrics(
        Metric(
            trial=trial,
            evaluator="exact",
            name="accuracy",
            kind="aggregated",
            value=good / n if n else None,
            n=n,
            errors=lines - n,
            missing=0,
        )
        for trial, (good, n) in counts.items()
    )
    writer.write_event("completed")
    writer.close()
    return folder


def call_record(dataset: str, line: int, repeat: int, key: str = "k1") -> CallRecord:
    """Return a paid answer of a line."""
    answer = Answer(
        output="positive",
        seconds=0.25,
        usage=Usage(prompt_tokens=90, completion_tokens=3, cached_tokens=10),
        calls=1,
        model="small",
        cost=0.00001,
    )
    return CallRecord(
        dataset=dataset, line=line, repeat=repeat, key=key, node="summarise", answer=answer
    )
