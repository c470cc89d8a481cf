"""Whether the configuration that is to be released meets the experiment's gates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from llmops.domain.gate import GateResult
from llmops.domain.report import resolve_metric
from llmops.gating.measured import NothingDeployedError, NoValueError, Source

if TYPE_CHECKING:
    from llmops.domain.analysis import Gate
    from llmops.domain.comparison import Comparison
    from llmops.domain.report import ConfigurationReport, RunReport
    from llmops.gating.measured import Measured, Unmeasured

_ROUNDING: Final = 1e-12
"""Two ways to compute a number may differ by this much; no gate fails for it."""


def check_gates(
    report: RunReport,
    comparison: Comparison,
    *,
    configuration: str | None = None,
    deployed: ConfigurationReport | Unmeasured | None = None,
) -> tuple[GateResult, ...]:
    """Return a result for every gate on every dataset that it covers, in the order stated.

    `configuration` is an id; None: the one that the decision recommends. `deployed` has what the
    deployed configuration measured in its own run; None: nothing is deployed.
    """
    wanted = configuration or comparison.decision.configuration
    chosen = next((item for item in report.configurations if item.id == wanted), None)
    source = chosen and Source(
        report=report, comparison=comparison, chosen=chosen, deployed=deployed
    )
    return tuple(
        _check(gate, resolve_metric(gate.metric, report.metrics), dataset, source)
        for gate in comparison.analysis.gates
        for dataset in ([gate.dataset] if gate.dataset else report.datasets)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """The least that a value may be, or the most."""

    number: float
    is_least: bool

    def room(self, value: float) -> float:
        """Return how far the value is on the right side; below 0 it is not."""
        room = value - self.number if self.is_least else self.number - value
        return 0.0 if abs(room) <= _ROUNDING * max(1.0, abs(self.number)) else room

    def __str__(self) -> str:
        """Return it in words: `at least 0.8`."""
        return f"at {'least' if self.is_least else 'most'} {_number(self.number)}"


def _check(gate: Gate, metric: str, dataset: str, source: Source | None) -> GateResult:
    result = GateResult(
        metric=metric, dataset=dataset, wanted=_wanted(gate, metric), status="unmet", sentence=""
    )
    where = f"{metric} on {dataset}"
    if source is None:
        unknown = "no configuration is recommended; name the one to judge"
        return replace(result, sentence=f"{where} can't be judged: {unknown}")
    try:
        found = [(each, _limit(gate, each)) for each in source.measured(gate, metric, dataset)]
    except NothingDeployedError as reason:
        return replace(result, status="not applicable", sentence=f"{where}: {reason}")
    except NoValueError as reason:
        return replace(result, sentence=f"{where} can't be judged: {reason}")
    worst, limit = min(found, key=lambda pair: (pair[1].room(pair[0].value), pair[0].slice_value))
    return replace(
        result,
        status="met" if limit.room(worst.value) >= 0 else "unmet",
        sentence=_sentence(gate, where, worst, limit, of=len(found)),
        seen=worst.value,
        threshold=limit.number,
        slice_value=worst.slice_value,
    )


def _limit(gate: Gate, measured: Measured) -> _Limit:
    if gate.at_least is not None:
        return _Limit(number=gate.at_least, is_least=True)
    if gate.at_most is not None:
        return _Limit(number=gate.at_most, is_least=False)
    drop, reference = gate.max_drop or 0.0, measured.reference or 0.0
    if gate.direction == "maximize":
        return _Limit(number=reference - drop, is_least=True)
    return _Limit(number=reference + drop, is_least=False)


def _wanted(gate: Gate, metric: str) -> str:
    each = f" for each {gate.slice}" if gate.slice else ""
    if gate.at_least is not None:
        return f"{metric} at least {_number(gate.at_least)}{each}"
    if gate.at_most is not None:
        return f"{metric} at most {_number(gate.at_most)}{each}"
    side = "below" if gate.direction == "maximize" else "above"
    return f"{metric} at most {_number(gate.max_drop or 0.0)} {side} {_compared(gate)}{each}"


def _sentence(gate: Gate, where: str, seen: Measured, limit: _Limit, *, of: int) -> str:
    if gate.slice:
        where += f" for {gate.slice} {seen.slice_value!r}, the worst of {of},"
    compared = (
        "" if seen.reference is None else f", {_compared(gate)} has {_number(seen.reference)}"
    )
    value = _number(seen.value, apart_from=limit.number)
    return f"{where} is {value} ({seen.basis}){compared}; {limit} is wanted"


def _compared(gate: Gate) -> str:
    return "the baseline" if gate.against == "baseline" else "what is deployed"


def _number(value: float, *, apart_from: float | None = None) -> str:
    """Return four digits that count, or as many as it takes to look unlike another number.

    >>> [_number(value) for value in (0.8, 12345.6, 0.0000123)]
    ['0.8', '12346', '0.0000123']
    >>> _number(0.79999996, apart_from=0.8)
    '0.79999996'
    """
    first = max(4, len(str(int(abs(value)))))
    for digits in range(first, 17):
        text = f"{Decimal(f'{value:.{digits}g}'):f}"
        if apart_from is None or value == apart_from or float(text) != apart_from:
            return text
    return str(value)
