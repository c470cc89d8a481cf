"""A made-up run with scores per line and their means, whose second configuration is the winner."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from fake_runs import configurations
from fake_scores import ScoredRun

from llmops.domain.analysis import Analysis, Gate, Guardrail, Objective
from llmops.domain.run import Metric
from llmops.store import RunReader, RunWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SKILLS = (0.5, 0.9, 0.5)
"""The share of lines that each configuration gets right; the first is the baseline."""
LINES = 80
GATES = (
    Gate(metric="correct", at_least=0.8),
    Gate(metric="correct", max_drop=0.0),
    Gate(metric="error_rate", at_most=0.0),
)
RUN_ID = "20260102-030405-abcd"
BASELINE, WINNER, OTHER = (configuration.label for configuration in configurations(3))


def analysis(*gates: Gate) -> Analysis:
    """Return a plan that is judged by `exact.correct`, with words as a guardrail."""
    return Analysis(
        objective=Objective(metric="correct"),
        guardrails=(Guardrail(metric="words", direction="minimize", margin=5.0),),
        gates=gates,
    )


def write_judged(
    project: Path,
    *gates: Gate,
    run_id: str = RUN_ID,
    skills: tuple[float, ...] = SKILLS,
    sha256: str = "d" * 64,
) -> Path:
    """Write a completed run into the project's reports, and return its folder."""

    def outputs(place: int, _dataset: str, line: int, _repeat: int) -> Mapping[str, object]:
        right = (line * 37 % LINES) < skills[place] * LINES
        return {"correct": right, "words": 40 + line % 5}

    folder = project / "reports" / "reviews" / run_id
    reader = ScoredRun(
        outputs=outputs,
        analysis=analysis(*gates),
        lines=LINES,
        count=len(skills),
        datasets={"reviews": sha256},
        run_id=run_id,
    ).write(folder)
    add_means(reader)
    return folder


def add_means(reader: RunReader, *names: str) -> None:
    """Write what scoring would: the mean of every number that an evaluator gave."""
    writer = RunWriter.reopen(reader.folder, ())
    writer.write_metrics(_means(reader, names or ("correct", "words")))
    writer.close()


def _means(reader: RunReader, names: Sequence[str]) -> Iterator[Metric]:
    lines = list(reader.lines())
    for trial in reader.manifest["trials"]:
        for name in names:
            values = [
                float(result.evaluations["exact"].outputs[name])  # pyright: ignore[reportArgumentType]
                for line in lines
                for key, result in line.results.items()
                if key == trial["id"]
            ]
            yield Metric(
                trial=trial["id"],
                evaluator="exact",
                name=name,
                kind="mean",
                value=fmean(values),
                n=len(values),
                errors=0,
                missing=0,
            )
