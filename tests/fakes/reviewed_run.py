"""A run worth a review: answers in sentences, a score per line, a variant that is worse on some."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from fake_runs import configurations, digit, line_record, manifest, trials

from llmops.domain.run import Evaluation, Metric
from llmops.store import RunWriter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.deployment import TrafficPlan
    from llmops.domain.run import LineRecord, LineResult, Trial

ANALYSIS: dict[str, object] = {
    "objective": {"metric": "exact.score", "margin": 0.02},
    "guardrails": [{"metric": "exact.polite", "margin": 0.0}],
    "gates": [{"metric": "exact.score", "at_least": 0.95}],
}
REASON = "The guest says that {}, which weighs more than the rest."
POINTS = ("the soup was cold", "the staff was kind", "the wait was long", "the price was fair")


def write_reviewed_run(
    folder: Path,
    *,
    lines: int = 60,
    gap: int = 25,
    day: int = 2,
    plans: Mapping[str, TrafficPlan] | None = None,
) -> Path:
    """Write a completed run of two configurations; the second is right on `gap` % more lines.

    `plans` are its traffic plans; None: it was made before there were any.
    """
    chosen = configurations(2)
    work = trials(chosen, ("reviews",))
    content = manifest(chosen, lines, run_id=folder.name)
    created = f"2026-01-{day:02}T03:04:05+00:00"
    content |= {"experiment": folder.parent.name, "created": created, "analysis": ANALYSIS}
    if plans is not None:
        content["traffic_plans"] = {name: asdict(plan) for name, plan in plans.items()}
    writer = RunWriter.create(folder, content, secrets=())
    writer.write_event("started")
    written = [_line(line, work, gap, day) for line in range(lines)]
    for record in written:
        writer.write_line(record)
    for trial in work:
        writer.write_metrics(_metrics(trial, written))
    writer.write_event("completed")
    writer.close()
    return folder


def _line(line: int, work: tuple[Trial, ...], gap: int, day: int) -> LineRecord:
    record = line_record("reviews", line, 0, work)
    results = {
        trial.id: _result(record.results[trial.id], line, 60 + gap * place, day + place)
        for place, trial in enumerate(work)
    }
    return replace(record, results=results)


def _result(result: LineResult, line: int, right: int, seed: int) -> LineResult:
    if result.error:
        return result
    good = digit(seed, line, "right") < right
    reason = REASON.format(POINTS[digit(line, seed) % len(POINTS)])
    return replace(
        result,
        outputs={"sentiment": "negative" if good else "neutral", "reason": reason},
        evaluations={"exact": Evaluation(outputs={"score": good, "polite": True})},
    )


def _metrics(trial: Trial, records: list[LineRecord]) -> list[Metric]:
    found = [record.results[trial.id] for record in records]
    values = [result.evaluations["exact"].outputs for result in found if not result.error]
    return [
        Metric(
            trial=trial.id,
            evaluator="exact",
            name=name,
            kind="mean",
            value=sum(value[name] is True for value in values) / len(values),
            n=len(values),
            errors=len(found) - len(values),
            missing=0,
        )
        for name in ("score", "polite")
    ]
