"""Made-up scores: as arrays, and as a run folder whose evaluator gives numbers per line."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from fake_runs import configurations, manifest, trials

from llmops.comparison.evidence import Contender
from llmops.comparison.scores import DatasetScores, Scores
from llmops.domain.analysis import Analysis
from llmops.domain.call import Usage
from llmops.domain.run import Evaluation, LineError, LineRecord, LineResult
from llmops.store import RunReader, RunWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike

    from llmops.comparison.scores import Floats
    from llmops.domain.run import Trial

IDS = tuple(configuration.id for configuration in configurations(12))


def dataset_scores(
    name: str = "reviews",
    *,
    held_out: Sequence[int] = (),
    groups: ArrayLike | None = None,
    stopped_after: Mapping[int, int] | None = None,
    columns: Mapping[str, Sequence[str | None]] | None = None,
    **metrics: ArrayLike,
) -> DatasetScores:
    """Return a dataset whose metrics are arrays of configurations x lines [x repeats].

    A metric is named `<evaluator>_<name>` and becomes `<evaluator>.<name>`.
    """
    values = {
        metric.replace("_", ".", 1): _three_axes(np.array(array, dtype=np.float64))
        for metric, array in metrics.items()
    }
    lines = max(len(array[0]) for array in values.values())
    return DatasetScores(
        dataset=name,
        lines=np.arange(lines),
        held_out=np.isin(np.arange(lines), held_out),
        values=values,
        errors={metric: np.zeros(array.shape, dtype=np.bool_) for metric, array in values.items()},
        groups=None if groups is None else np.array(groups),
        columns=columns or {},
        evaluators=frozenset(metric.split(".")[0] for metric in values),
        stopped_after=stopped_after or {},
    )


def run_scores(*datasets: DatasetScores) -> Scores:
    """Return the scores of a run with configurations a (the baseline), b, c, ..."""
    count = max(len(array) for each in datasets for array in each.values.values())
    return Scores(configurations=tuple("abcdefgh"[:count]), baseline="a", datasets=datasets)


def contenders(
    cost: Mapping[str, float] | None = None, seconds: Mapping[str, float] | None = None
) -> dict[str, Contender]:
    """Return a to h, named `variant a` and so on; each takes 1 and 1 second unless stated."""
    return {
        name: Contender(
            name=f"variant {name}",
            cost_per_line=(cost or {}).get(name, 1.0),
            p95_seconds=(seconds or {}).get(name, 1.0),
        )
        for name in "abcdefgh"
    }


@dataclass(frozen=True, kw_only=True)
class ScoredRun:
    """A run whose evaluator `exact` gives numbers per line.

    `outputs(configuration, dataset, line, repeat)` is what it says (an `Evaluation` where the
    outputs don't say all), or None for a line whose flow failed. `datasets` maps names to the
    sha256 of their files. Data has the columns `text`, `label` (2 values) and `customer` (4 lines
    each).
    """

    outputs: Callable[[int, str, int, int], Mapping[str, object] | Evaluation | None]
    analysis: Analysis = field(default_factory=Analysis)
    lines: int = 40
    count: int = 3
    datasets: Mapping[str, str] = field(default_factory=lambda: {"reviews": "d" * 64})
    repeats: int = 1
    run_id: str = "20260102-030405-abcd"
    stopped: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def write(self, folder: Path) -> RunReader:
        """Write the run and return its reader."""
        work = trials(configurations(self.count), tuple(self.datasets), self.repeats)
        writer = RunWriter.create(folder, self._manifest(), secrets=())
        writer.write_event("started")
        for (dataset, configuration), after in self.stopped.items():
            writer.write_event("stopped", dataset=dataset, configuration=configuration, lines=after)
        for dataset in self.datasets:
            for repeat in range(self.repeats):
                here = [each for each in work if (each.dataset, each.repeat) == (dataset, repeat)]
                for line in range(self.lines):
                    writer.write_line(self._record(here, line))
        writer.write_event("completed")
        writer.close()
        return RunReader(folder)

    def _manifest(self) -> dict[str, object]:
        content = manifest(
            configurations(self.count),
            self.lines,
            datasets=tuple(self.datasets),
            repeats=self.repeats,
            run_id=self.run_id,
        )
        files = [
            {"name": name, "source": f"{name}.jsonl", "sha256": sha, "lines": self.lines}
            for name, sha in self.datasets.items()
        ]
        return {**content, "analysis": asdict(self.analysis), "datasets": files}

    def _record(self, work: Sequence[Trial], line: int) -> LineRecord:
        dataset, repeat = work[0].dataset, work[0].repeat
        return LineRecord(
            dataset=dataset,
            line=line,
            repeat=repeat,
            data={"text": f"{dataset} {line}", "label": "ab"[line % 2], "customer": line // 4},
            results={
                trial.id: _result(self.outputs(place, dataset, line, repeat), place)
                for place, trial in enumerate(work)
                if line < self.stopped.get((dataset, trial.configuration.id), self.lines)
            },
        )


def _result(judged: Mapping[str, object] | Evaluation | None, place: int) -> LineResult:
    failed = LineError(node="classify", kind="timeout", message="no answer within 30 s")
    if judged is not None and not isinstance(judged, Evaluation):
        judged = Evaluation(outputs=judged)
    return LineResult(
        outputs={"sentiment": "a"} if judged else {},
        seconds=0.5,
        usage=Usage(),
        calls=1,
        paid_calls=1,
        cost=0.001 * (1 + place),
        error=None if judged else failed,
        evaluations={"exact": judged} if judged else {},
    )


def _three_axes(array: Floats) -> Floats:
    return array if array.ndim == 3 else array[:, :, np.newaxis]
