"""The lines of a run as a reviewer reads them: two answers side by side, without their names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from llmops.difference import Piece, difference
from llmops.viewing.wording import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmops.domain.run import LineError, LineResult
    from llmops.review import Review

Side = Literal["left", "right"]
Choice = Literal["baseline", "candidate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One line, answered by the baseline and by the candidate; None where it did not run."""

    dataset: str
    line: int
    repeat: int
    data: Mapping[str, object]
    baseline: LineResult | None
    candidate: LineResult | None
    regressed: bool

    @property
    def key(self) -> str:
        """Return what names the line within its run."""
        return f"{self.dataset}:{self.line}:{self.repeat}"

    @property
    def failed(self) -> bool:
        """Tell whether one of the answers is an error, or missing."""
        return any(result is None or result.error for result in (self.baseline, self.candidate))

    def sides(self, run: str, reviewer: str) -> Mapping[Side, Choice]:
        """Return who stands where: as good as random, and the same whenever this reviewer looks."""
        drawn = hashlib.sha256(f"{run}\n{reviewer}\n{self.key}".encode()).digest()[0] % 2
        if drawn:
            return {"left": "baseline", "right": "candidate"}
        return {"left": "candidate", "right": "baseline"}

    def result(self, choice: Choice) -> LineResult | None:
        """Return one of the two results."""
        return self.baseline if choice == "baseline" else self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One answer on the page: each output in pieces, or why there is none; then its scores."""

    outputs: Mapping[str, tuple[Piece, ...]]
    error: str
    scores: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a reviewer compares: two configurations of a run, on all its lines.

    `pairs` come regressed first, then in file order; none where there is nothing to compare.
    """

    baseline: str
    candidate: str
    labels: Mapping[str, str]
    pairs: tuple[Pair, ...]

    @property
    def names(self) -> Mapping[Choice, str]:
        """Return the labels of the two."""
        labels = self.labels
        return {
            "baseline": labels.get(self.baseline, self.baseline),
            "candidate": labels.get(self.candidate, self.candidate),
        }


def subject(review: Review) -> Subject:
    """Return the baseline and the one to be used, or the best by mean where the baseline stays."""
    comparison = review.comparison
    baseline, decision = comparison.baseline, comparison.decision
    others = (decision.configuration, decision.best_by_mean, *comparison.labels)
    candidate = next((each for each in others if each and each != baseline), None)
    if baseline is None or candidate is None:
        return Subject(baseline=baseline or "", candidate="", labels=comparison.labels, pairs=())
    return Subject(
        baseline=baseline,
        candidate=candidate,
        labels=comparison.labels,
        pairs=_pairs(review, baseline, candidate),
    )


def _pairs(review: Review, baseline: str, candidate: str) -> tuple[Pair, ...]:
    choices: dict[str, str] = {
        trial["id"]: trial["configuration"] for trial in review.reader.manifest["trials"]
    }
    worse = {
        (each.dataset, each.line)
        for each in review.comparison.regressions
        if each.configuration == candidate
    }
    pairs: list[Pair] = []
    for record in review.reader.lines():
        results = {choices.get(trial): result for trial, result in record.results.items()}
        pair = Pair(
            dataset=record.dataset,
            line=record.line,
            repeat=record.repeat,
            data=record.data,
            baseline=results.get(baseline),
            candidate=results.get(candidate),
            regressed=(record.dataset, record.line) in worse,
        )
        pairs.append(pair)
    return tuple(sorted(pairs, key=lambda pair: not pair.regressed))


def shown(pair: Pair, sides: Mapping[Side, Choice]) -> Mapping[Side, Shown]:
    """Return both answers, with what differs marked."""
    left, right = pair.result(sides["left"]), pair.result(sides["right"])
    texts, others = _outputs(left), _outputs(right)
    pieces = {
        name: difference(texts.get(name, ""), others.get(name, ""))
        for name in dict.fromkeys((*texts, *others))
    }
    return {
        "left": Shown(
            outputs={name: pieces[name][0] for name in texts},
            error=_why(left),
            scores=dict(_scores(left)),
        ),
        "right": Shown(
            outputs={name: pieces[name][1] for name in others},
            error=_why(right),
            scores=dict(_scores(right)),
        ),
    }


def _outputs(result: LineResult | None) -> dict[str, str]:
    if result is None or result.error:
        return {}
    return {name: text_of(value) for name, value in result.outputs.items()}


def _why(result: LineResult | None) -> str:
    if result is None:
        return "This line was not run."
    return _said(result.error) if result.error else ""


def _scores(result: LineResult | None) -> Iterator[tuple[str, str]]:
    """Yield what each evaluator said."""
    if result is None:
        return
    for evaluator, evaluation in result.evaluations.items():
        if evaluation.error:
            yield evaluator, _said(evaluation.error)
        for name, value in evaluation.outputs.items():
            yield f"{evaluator}.{name}", text_of(value)


def _said(error: LineError) -> str:
    where = f"{error.node}: " if error.node else ""
    return f"{where}{error.kind}: {error.message}"
