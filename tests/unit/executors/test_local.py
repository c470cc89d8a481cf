"""The local executor: sharing among trials, failures as data, the budget."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from llmops.concurrency import Threads
from llmops.domain.call import Answer, LineFailure, Usage
from llmops.domain.configuration import Configuration
from llmops.domain.flow import LineOutput
from llmops.domain.run import CallRecord, LineRecord, Trial
from llmops.executors.local import Job, Judge, LocalExecutor, Sweep
from llmops.progress import Progress
from llmops.spending import Budget, Price
from llmops.trial_context import Resources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.flow import LineContext

USAGE = Usage(prompt_tokens=10, completion_tokens=2)


@dataclass(slots=True)
class TwoNodes:
    """A step of one shared node and one of its own, which fails on the texts in `failing`."""

    name: str
    failing: frozenset[str] = frozenset()
    kind: str = "ValueError"
    ran: list[str] = field(default_factory=list[str])

    async def run_line(self, inputs: Mapping[str, object], context: LineContext) -> LineOutput:
        text = str(inputs["text"])

        async def shared() -> Answer:
            self.ran.append(f"shared {text}")
            return Answer(output=text.upper(), seconds=1.0, usage=USAGE, calls=1, model="m")

        async def own() -> Answer:
            if text in self.failing:
                raise LineFailure("own", self.kind, "no answer")
            return Answer(output=f"{self.name} {text}", seconds=0.5, usage=USAGE, calls=1)

        first = await context.once(f"shared {text}", "shared", shared, paid=True)
        second = await context.once(f"{self.name} {text}", "own", own, paid=True)
        return LineOutput(outputs={"answer": second.output}, seconds=first.seconds + second.seconds)

    async def aggregate(
        self,
        inputs: Mapping[str, Sequence[object]],
        aggregation_inputs: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> Mapping[str, float]:
        raise AssertionError(inputs, aggregation_inputs, context)


@dataclass(slots=True)
class Bench:
    """An executor with everything it writes kept in lists."""

    steps: Mapping[str, TwoNodes]
    share: bool = True
    budget: Budget = field(default_factory=Budget)
    judges: Sequence[Judge] = ()
    calls: list[CallRecord] = field(default_factory=list[CallRecord])
    lines: list[LineRecord] = field(default_factory=list[LineRecord])
    progress: Progress = field(default_factory=Progress)

    def run(self, texts: Sequence[str]) -> None:
        trials = [
            Trial(configuration=Configuration(variants={"own": name}), dataset="d")
            for name in self.steps
        ]
        sweep = Sweep(
            dataset="d",
            steps={
                trial.configuration.id: step
                for trial, step in zip(trials, self.steps.values(), strict=True)
            },
            inputs=dict,
            judges=self.judges,
        )
        jobs = [
            Job(
                sweep=sweep,
                line=number,
                repeat=0,
                data={"text": text},
                trials=trials,
                judge_rows={judge.name: {"text": text} for judge in self.judges},
            )
            for number, text in enumerate(texts)
        ]
        resources = Resources(
            channels={},
            threads=Threads(1),
            budget=self.budget,
            prices={"m": Price(input=1_000_000, output=0)},
            progress=self.progress,
        )
        executor = LocalExecutor(
            resources=resources,
            write_call=self.calls.append,
            write_line=self.lines.append,
            max_lines=2,
            share=self.share,
        )
        asyncio.run(executor.run(jobs))


def test_trials_of_a_line_share_and_each_counts_what_it_would_take_alone() -> None:
    bench = Bench({"a": TwoNodes("a"), "b": TwoNodes("b")})
    bench.run(["x", "y", "z"])
    assert len(bench.calls) == 3 + 3 * 2
    for record in bench.lines:
        results = list(record.results.values())
        assert [each.calls for each in results] == [2, 2]
        assert sum(each.paid_calls for each in results) == 3
        assert [each.usage.prompt_tokens for each in results] == [20, 20]
        assert [each.cost for each in results] == [10.0, 10.0]
        assert [each.seconds for each in results] == [1.5, 1.5]
    assert bench.progress.shared == 3
    assert bench.progress.lines_done == 3


def test_without_sharing_every_trial_pays() -> None:
    bench = Bench({"a": TwoNodes("a"), "b": TwoNodes("b")}, share=False)
    bench.run(["x", "y"])
    assert len(bench.calls) == 2 * 2 * 2
    assert len({(record.line, record.key) for record in bench.calls}) == 8
    assert bench.progress.shared == 0


def test_a_failed_line_is_data_and_the_others_go_on() -> None:
    bench = Bench({"a": TwoNodes("a", frozenset({"y"})), "b": TwoNodes("b")})
    bench.run(["x", "y"])
    errors = [
        (record.line, result.error.node, result.error.kind)
        for record in bench.lines
        for result in record.results.values()
        if result.error
    ]
    assert errors == [(1, "own", "ValueError")]
    assert bench.progress.errors == 1


def test_an_evaluator_that_fails_leaves_the_output() -> None:
    judge = Judge(
        name="judge",
        step=TwoNodes("judge", frozenset({"x"})),
        inputs=lambda row, outputs, inputs: {**inputs, **outputs, **row},
    )
    bench = Bench({"a": TwoNodes("a")}, judges=[judge])
    bench.run(["x", "y"])
    failed, good = (next(iter(each.results.values())) for each in bench.lines)
    assert failed.outputs == {"answer": "a x"}
    assert failed.evaluations["judge"].error is not None
    assert good.evaluations["judge"].outputs == {"answer": "judge y"}
    assert good.calls == 2, "an evaluator's calls are not the flow's"


def test_a_line_that_the_budget_did_not_reach_is_not_recorded() -> None:
    budget = Budget(max_calls=0)
    bench = Bench({"a": TwoNodes("a", frozenset({"x"}), kind="budget")}, budget=budget)
    bench.run(["x"])
    assert bench.lines == []
    assert bench.progress.lines_done == 0


def test_no_line_starts_once_the_budget_is_spent() -> None:
    budget = Budget(max_calls=0)
    with pytest.raises(Exception, match="budget"):
        budget.claim()
    step = TwoNodes("a")
    Bench({"a": step}, budget=budget).run(["x", "y"])
    assert step.ran == []
