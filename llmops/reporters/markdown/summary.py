"""The summary: the verdict, then what it rests on, and never more than a comment can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.comparison.wording import counted
from llmops.reporters.markdown.gfm import table, text
from llmops.reporters.traffic_plan import stated_plans
from llmops.reporters.wording import between, change, money, p_value, percent, score, seconds
from llmops.store import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llmops.domain.comparison import Comparison, Effect
    from llmops.domain.gate import GateResult
    from llmops.domain.report import RunReport

_MOST_PLANS: Final = 4


def write(
    numbers: RunReport, comparison: Comparison, gates: Sequence[GateResult], path: Path
) -> None:
    """Write the summary; equal arguments give equal bytes.

    Raises:
        LLMOpsError: when it can't be written.
    """
    with replacing(path) as file:
        file.write(render(numbers, comparison, gates).encode())


def render(numbers: RunReport, comparison: Comparison, gates: Sequence[GateResult]) -> str:
    """Return less than 60,000 bytes of Markdown, however large the run is."""
    parts = [
        f"### {text(comparison.decision.sentence, longest=800)}",
        _context(numbers, comparison),
        *_caveats(numbers, comparison),
        *_gates(gates),
        *_effects(comparison),
        *_guardrails(comparison),
        *_traffic(numbers),
        *_figures(numbers, comparison),
        f"The whole report: reports/{text(numbers.experiment)}/{text(numbers.run)}/report.html",
    ]
    return "\n\n".join(parts) + "\n"


def _context(numbers: RunReport, comparison: Comparison) -> str:
    lines = counted(sum(numbers.datasets.values()), "line")
    configurations = counted(len(numbers.configurations), "configuration")
    said = [f"{text(numbers.experiment)}, run {text(numbers.run)}: {configurations} on {lines}"]
    if numbers.objective:
        said.append(f"Objective: {text(numbers.objective.metric)}, {numbers.objective.direction}")
    if comparison.baseline:
        said.append(f"Baseline: {text(comparison.names[comparison.baseline])}")
    return ". ".join(said) + "."


def _caveats(numbers: RunReport, comparison: Comparison) -> Iterator[str]:
    figures, decision = numbers.figures, comparison.decision
    if numbers.status != "completed":
        status = numbers.status.replace("_", " ")
        yield f"This run is {status}: {figures.missing:,} of {figures.lines:,} results are missing."
    if decision.best_by_mean not in (None, decision.configuration):
        best = text(comparison.names[decision.best_by_mean])
        yield f"Best by mean, which is no reason to take it: {best}."


def _gates(gates: Sequence[GateResult]) -> Iterator[str]:
    if not gates:
        return
    unmet_first = sorted(gates, key=lambda gate: gate.status != "unmet")
    unmet = sum(gate.status == "unmet" for gate in gates)
    said = f"{unmet:,} of {len(gates):,} not met" if unmet else f"all {len(gates):,} met"
    yield f"**Gates**: {said}"
    rows = [(gate.status, gate.wanted, gate.sentence) for gate in unmet_first]
    yield table(("", "gate", "seen"), rows, room=14_000)


def _effects(comparison: Comparison) -> Iterator[str]:
    if not comparison.effects:
        return
    family, chosen = comparison.family, comparison.decision.configuration
    tests = counted(family.size, "test")
    yield f"**Against the baseline**, paired by line; p corrected over {tests} ({family.method})"
    effects = sorted(comparison.effects, key=lambda effect: effect.configuration != chosen)
    header = (
        *("configuration", "dataset", "metric", "baseline", "value"),
        f"difference ({percent(comparison.analysis.confidence)} interval)",
        *("p", "lines", "finding"),
    )
    rows = [_effect(effect, comparison) for effect in effects]
    yield table(header, rows, room=20_000)


def _effect(effect: Effect, comparison: Comparison) -> tuple[str, ...]:
    unit = " points" if effect.kind == "binary" and effect.difference is not None else ""
    interval = between(effect.interval, effect.kind)
    return (
        comparison.names[effect.configuration],
        effect.dataset,
        effect.metric,
        score(effect.baseline_value, effect.kind),
        score(effect.value, effect.kind),
        f"{change(effect.difference, effect.kind)}{unit}" + (f" ({interval})" if interval else ""),
        p_value(effect.p_adjusted),
        f"{effect.pairs:,}",
        effect.reason or effect.finding,
    )


def _guardrails(comparison: Comparison) -> Iterator[str]:
    if not comparison.guardrails:
        return
    checks = sorted(comparison.guardrails, key=lambda check: check.kept)
    broken = sum(not check.kept for check in checks)
    yield f"**Guardrails**: {broken:,} of {len(checks):,} not kept"
    rows = [
        (
            "kept" if check.kept else "not kept",
            comparison.names[check.configuration],
            check.sentence,
        )
        for check in checks
    ]
    yield table(("", "configuration", "seen"), rows, room=10_000)


def _traffic(numbers: RunReport) -> Iterator[str]:
    plans = stated_plans(numbers.traffic_plans, numbers.currency)
    for plan in plans[:_MOST_PLANS]:
        environments = f" ({text(plan.environments)})" if plan.environments else ""
        said = text("; ".join(plan.clauses), longest=800)
        yield f"**How it would go live**{environments}: {said}"
    if len(plans) > _MOST_PLANS:
        yield f"{len(plans) - _MOST_PLANS:,} more plans in report.html."


def _figures(numbers: RunReport, comparison: Comparison) -> Iterator[str]:
    figures, spent = numbers.figures, numbers.spent
    said = [
        f"**Taken**: {counted(spent.calls, 'call')} for {money(spent.cost)} {numbers.currency}",
        f"shared answers saved {percent(figures.saved)} of the flows' calls",
    ]
    if comparison.saved_by_racing:
        calls = counted(comparison.calls_saved_by_racing, "call")
        said.append(f"racing saved {counted(comparison.saved_by_racing, 'result')}, about {calls}")
    yield ", ".join(said)
    stopped = {each.configuration for each in comparison.estimates if each.stopped_after}
    rows = [
        (
            f"{comparison.names[item.id]}{' (stopped early)' if item.id in stopped else ''}",
            money(item.figures.cost_per_line),
            seconds(item.figures.p50),
            seconds(item.figures.p95),
            f"{item.figures.errors:,}",
            f"{item.figures.missing:,}",
        )
        for item in numbers.configurations
    ]
    header = ("configuration", "cost per line", "median", "95th percentile", "errors", "missing")
    yield table(header, rows, room=8_000)
