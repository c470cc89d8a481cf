"""What of a run is a test: decision, gates, guardrails and errors.

Only what is to be released can fail. What speaks against another configuration is skipped, with
its reason: it is no reason to stop anyone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from llmops.comparison.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.domain.comparison import Comparison
    from llmops.domain.gate import GateResult, GateStatus
    from llmops.domain.report import Cell, RunReport

Outcome = Literal["passed", "failure", "skipped"]
_OUTCOMES: Final[Mapping[GateStatus, Outcome]] = {
    "met": "passed",
    "unmet": "failure",
    "not applicable": "skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test; `why` says why it did not pass, `detail` what else there is to say."""

    name: str
    outcome: Outcome = "passed"
    why: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Tests of one kind."""

    name: str
    cases: tuple[Case, ...]
    output: str = ""

    def count(self, outcome: Outcome) -> int:
        """Return how many tests came out like this."""
        return sum(case.outcome == outcome for case in self.cases)


def suites_of(
    numbers: RunReport, comparison: Comparison, gates: Sequence[GateResult]
) -> tuple[Suite, ...]:
    """Return all suites, those without a test included."""
    return (
        Suite(
            name="decision",
            cases=tuple(_decision(numbers, comparison)),
            output=_reasons(comparison),
        ),
        Suite(name="gates", cases=tuple(map(_gate, gates))),
        Suite(name="guardrails", cases=tuple(_guardrails(comparison))),
        Suite(name="errors", cases=tuple(_errors(numbers, comparison, gates))),
    )


def _decision(numbers: RunReport, comparison: Comparison) -> Iterator[Case]:
    decision = comparison.decision
    decided = decision.outcome != "no winner"
    yield Case(
        name="a configuration is shown to be the one to use",
        outcome="passed" if decided else "skipped",
        why="" if decided else decision.sentence,
    )
    if decision.confirmed is not None:
        yield Case(
            name="held-out lines confirm it",
            outcome="passed" if decision.confirmed else "skipped",
            why="" if decision.confirmed else decision.sentence,
        )
    complete = numbers.status == "completed"
    missing = f"{numbers.figures.missing:,} of {numbers.figures.lines:,} results are missing"
    yield Case(
        name="the run is complete",
        outcome="passed" if complete else "failure",
        why="" if complete else f"{numbers.status.replace('_', ' ')}: {missing}",
    )


def _reasons(comparison: Comparison) -> str:
    reasons = [
        f"{comparison.names.get(name, name)}: {'; '.join(why)}"
        for name, why in comparison.decision.candidates.items()
    ]
    return "\n".join([comparison.decision.sentence, *reasons])


def _gate(result: GateResult) -> Case:
    return Case(
        name=f"{result.wanted} on {result.dataset}",
        outcome=_OUTCOMES[result.status],
        why="" if result.status == "met" else result.sentence,
        detail="" if result.seen is None else f"seen: {result.seen}\nwanted: {result.threshold}",
    )


def _guardrails(comparison: Comparison) -> Iterator[Case]:
    for check in comparison.guardrails:
        recommended = check.configuration == comparison.decision.configuration
        label = comparison.names[check.configuration]
        yield Case(
            name=f"{label} keeps {check.metric} on {check.dataset}",
            outcome="passed" if check.kept else "failure" if recommended else "skipped",
            why="" if check.kept else check.sentence,
        )


def _errors(
    numbers: RunReport, comparison: Comparison, gates: Sequence[GateResult]
) -> Iterator[Case]:
    limits = {
        gate.dataset: gate.threshold
        for gate in gates
        if gate.metric == "error_rate" and gate.threshold is not None
    }
    for item in numbers.configurations:
        for cell in item.cells:
            recommended = item.id == comparison.decision.configuration
            name = f"{comparison.names[item.id]} answers the lines of {cell.dataset}"
            yield _lines_answered(name, cell, limits.get(cell.dataset), recommended=recommended)


def _lines_answered(name: str, cell: Cell, limit: float | None, *, recommended: bool) -> Case:
    figures = cell.figures
    share = figures.errors / max(1, figures.n + figures.errors)
    if not figures.errors or (limit is not None and share <= limit):
        return Case(name=name)
    causes = (f"{cause}: {count:,}" for cause, count in figures.causes.items())
    allowed = "no gate limits the error_rate" if limit is None else f"{limit:.2%} may fail"
    return Case(
        name=name,
        outcome="failure" if recommended and limit is not None else "skipped",
        why=f"{counted(figures.errors, 'line')} failed ({share:.2%}); {allowed}",
        detail="\n".join(causes),
    )
