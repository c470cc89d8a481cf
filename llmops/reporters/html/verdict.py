"""What the reviewer reads first: the decision, and all that has to be known to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.comparison.wording import counted, listed
from llmops.reporters.wording import score

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.comparison import Comparison, Outcome, ScoreKind
    from llmops.domain.gate import GateResult
    from llmops.domain.report import RunReport
    from llmops.reporters.html.names import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision; `best_by_mean` is set only where it is not the one to use."""

    outcome: Outcome
    sentence: str
    recommended: str | None
    role: str
    best_by_mean: str | None
    best_mean: str
    caveats: tuple[str, ...]
    others: Mapping[str, tuple[str, ...]]


def verdict_of(
    report: RunReport,
    comparison: Comparison,
    gates: Sequence[GateResult],
    names: Mapping[str, Name],
    *,
    kind: ScoreKind,
    code: Mapping[str, object],
) -> Verdict:
    """Return the verdict.

    `kind` is the objective's; `code` is the manifest's word on the commit, empty without git.
    """
    decision = comparison.decision
    best = decision.best_by_mean
    return Verdict(
        outcome=decision.outcome,
        sentence=decision.sentence,
        recommended=decision.configuration,
        role=_role(comparison),
        best_by_mean=best if best != decision.configuration else None,
        best_mean=_best_mean(report, comparison, kind),
        caveats=(
            *_completeness(report, comparison.saved_by_racing),
            *_confidence(comparison, names),
            *_release(gates, code),
        ),
        others=decision.candidates,
    )


def _role(comparison: Comparison) -> str:
    if comparison.decision.configuration == comparison.baseline:
        return "Keep the baseline"
    return "Use"


def _best_mean(report: RunReport, comparison: Comparison, kind: ScoreKind) -> str:
    best = comparison.decision.best_by_mean
    found = next((item for item in report.configurations if item.id == best), None)
    value = found.value(report.objective.metric) if found and report.objective else None
    return score(value, kind)


def _completeness(report: RunReport, spared: int) -> Iterator[str]:
    """Yield what is not there, apart from the results that racing spared."""
    figures = report.figures
    if report.status == "budget_exhausted":
        yield "The budget was exhausted before the last line."
    elif report.status != "completed":
        yield f"The run is {report.status}, not completed."
    if figures.missing > spared:
        missing = counted(figures.missing - spared, "result is", "results are")
        yield f"{missing} missing of {figures.lines:,}: not run, and never counted as wrong."
    if figures.errors:
        failed = counted(figures.errors, "result is an error", "results are errors")
        yield f"{failed} of {figures.lines:,}, left out of every score."


def _confidence(comparison: Comparison, names: Mapping[str, Name]) -> Iterator[str]:
    stopped = sorted(
        {names[each.configuration].key for each in comparison.estimates if each.stopped_after}
    )
    if stopped:
        yield f"Stopped early by racing, their numbers rest on fewer lines: {listed(stopped)}."
    if comparison.decision.confirmed is False:
        yield "The lines that were kept apart do not confirm the choice."
    if comparison.decision.outcome == "winner" and comparison.decision.confirmed is None:
        yield "No lines were kept apart to confirm the choice."


def _release(gates: Sequence[GateResult], code: Mapping[str, object]) -> Iterator[str]:
    unmet = sum(gate.status == "unmet" for gate in gates)
    if unmet:
        yield f"{unmet} of {counted(len(gates), 'gate is', 'gates are')} not met."
    if code.get("dirty"):
        yield "The code differs from its commit."
    if not code:
        yield "The code has no commit."
