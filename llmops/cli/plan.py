"""`llmops plan`: what a run would do and cost; nothing is called."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Annotated

import typer

from llmops.cli.options import Env, Folder, Limit, Select, Set

if TYPE_CHECKING:
    from llmops.experiment import Experiment
    from llmops.pipeline.plan import Plan, PlannedCalls
    from llmops.sensitivity import Sensitivity


def plan(
    experiment: Folder,
    *,
    env: Env = None,
    select: Select = None,
    limit: Limit = None,
    set_: Set = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check an experiment, count its model calls and estimate what they cost."""
    from llmops.cli.stated import load_stated
    from llmops.pipeline.plan import plan as make_plan

    loaded, _ = load_stated(experiment, env, set_ or ())
    planned = make_plan(loaded, select=select or (), limit=limit)
    if json_:
        print(_as_json(loaded, planned))
    else:
        _print_tables(loaded, planned)


def _as_json(experiment: Experiment, planned: Plan) -> str:
    import json
    from dataclasses import asdict

    document = {
        "experiment": experiment.name,
        "configurations": [
            {"id": each.id, "label": each.label, "baseline": each == planned.baseline}
            for each in planned.configurations
        ],
        "lines": dict(planned.lines),
        "repeats": planned.repeats,
        "trials": len(planned.trials),
        "calls": [_call(each) for each in planned.calls],
        "sensitivities": [asdict(each) for each in planned.sensitivities],
        "total": {
            "calls_naive": planned.naive_calls,
            "calls_shared": planned.shared_calls,
            "share": planned.share,
            "prompt_tokens": planned.usage.prompt_tokens,
            "completion_tokens": planned.usage.completion_tokens,
            "cost": planned.cost,
            "currency": experiment.currency,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _call(each: PlannedCalls) -> dict[str, object]:
    return {
        "dataset": each.dataset,
        "flow": each.flow,
        "node": each.node,
        "connection": each.connection,
        "model": each.model,
        "calls_naive": each.naive,
        "calls_shared": each.shared,
        "prompt_tokens": each.usage.prompt_tokens,
        "completion_tokens": each.usage.completion_tokens,
        "cost": each.cost,
    }


def _print_tables(experiment: Experiment, planned: Plan) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    combinations = Table(box=None, title_justify="left", title=f"{experiment.name}: combinations")
    combinations.add_column("id")
    combinations.add_column("combination", overflow="fold")
    for each in planned.configurations:
        mark = " (baseline)" if each == planned.baseline else ""
        combinations.add_row(each.id, f"{each.label}{mark}")
    console.print(combinations, markup=False)

    calls = Table(box=None, title_justify="left", title="\nmodel calls")
    for name in ("dataset", "node", "model"):
        calls.add_column(name, overflow="fold")
    for name in ("naive", "shared", "tokens", "cost"):
        calls.add_column(name, justify="right")
    for each in planned.calls:
        calls.add_row(
            each.dataset,
            each.node if each.flow == experiment.name else f"{each.flow}.{each.node}",
            each.model or each.connection,
            f"{each.naive:,}",
            f"{each.shared:,}",
            f"{each.usage.prompt_tokens + each.usage.completion_tokens:,}",
            "" if each.cost is None else f"{each.cost:,.4f}",
        )
    console.print(calls)
    for line in _summary(experiment, planned):
        console.print(line, markup=False)


def _summary(experiment: Experiment, planned: Plan) -> list[str]:
    from llmops.pipeline.plan import CHARACTERS_PER_TOKEN, DEFAULT_ANSWER_TOKENS

    lines = ", ".join(f"{name} {count:,}" for name, count in planned.lines.items())
    repeats = f" x {planned.repeats} repeats" if planned.repeats > 1 else ""
    counts = f"{len(planned.configurations)} combinations{repeats}"
    tokens = planned.usage.prompt_tokens + planned.usage.completion_tokens
    assumed = f"{CHARACTERS_PER_TOKEN} characters a token, {DEFAULT_ANSWER_TOKENS} an answer"
    sharing = "after sharing" if planned.share else "if shared, but executor.share is false"
    cost = "unknown, a model has no price"
    if planned.cost is not None:
        cost = f"about {planned.cost:,.4f} {experiment.currency}"
    return [
        "",
        f"{counts}, {len(planned.trials)} trials; lines: {lines}",
        f"calls: {planned.naive_calls:,} naively, {planned.shared_calls:,} {sharing}",
        f"tokens: about {tokens:,} ({assumed} without max_tokens)",
        f"cost: {cost}",
        *(_shown(each, several=len(planned.sensitivities) > 1) for each in planned.sensitivities),
    ]


def _shown(each: Sensitivity, *, several: bool) -> str:
    """Return what a dataset's lines can show, in points of a hundred, rounded up."""
    from llmops.sensitivity import DISCORDANT, POWER

    dataset = f"{each.dataset}: " if several else ""
    difference = "no difference"
    if each.difference is not None:
        best = "at best " if each.grouped else ""
        difference = f"{best}a difference of {ceil(100 * each.difference)} points"
    assumed = f"{POWER:.0%} power, {DISCORDANT:.0%} of the lines differing"
    tests = f"{each.tests} test" if each.tests == 1 else f"{each.tests} tests"
    return f"{dataset}{each.lines:,} lines can show {difference} ({tests}, {assumed})"
