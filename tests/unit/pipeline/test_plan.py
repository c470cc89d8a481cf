from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flow import FakeFlow

from llmops.connections.embedded import EmbeddedConnection
from llmops.connections.openai import OpenAIConnection
from llmops.domain.analysis import Analysis, Guardrail, Objective, Racing, Split
from llmops.domain.call import Usage
from llmops.domain.configuration import Configuration
from llmops.domain.dataset import Dataset
from llmops.domain.flow import FlowInterface, NodeCall
from llmops.errors import ConfigError
from llmops.experiment import Evaluator, EvaluatorDataset, Experiment, RunDataset
from llmops.experiment.model import Budget, Executor
from llmops.pipeline.plan import plan
from llmops.spending import Price

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERFACE = FlowInterface(inputs=(), outputs=())
EXTRACT = NodeCall(node="extract", connection="c", model="small", prompt="p" * 36, max_tokens=10)
CLASSIFY = NodeCall(
    node="classify",
    connection="c",
    model="large-2026-01-01",
    upstream=frozenset({"extract"}),
    prompt="p" * 76,
)
GRID = tuple(
    Configuration(variants={"extract": extract, "classify": classify})
    for extract in ("a", "b", "c")
    for classify in ("x", "y")
)
PRICES = {"small": Price(input=1, output=2), "large": Price(input=10, output=20)}


def dataset(name: str, lines: int) -> RunDataset:
    rows = [{"text": "abcd"}] * lines
    read = Dataset(path=Path(name), label=name, read=lambda _: iter(rows))
    return RunDataset(name=name, dataset=read, mappings={})


def experiment(
    *,
    calls: Sequence[NodeCall] = (EXTRACT, CLASSIFY),
    configurations: tuple[Configuration, ...] = GRID,
    lines: int = 200,
    repeats: int = 1,
    share: bool = True,
    evaluators: tuple[Evaluator, ...] = (),
    prices: dict[str, Price] = PRICES,
) -> Experiment:
    return Experiment(
        name="reviews",
        folder=Path("e"),
        project=Path(),
        files=(),
        flow=FakeFlow(described=INTERFACE, node_calls=tuple(calls)),
        flow_path=Path("f"),
        flow_entry="",
        connections=(),
        datasets=(dataset("train", lines),),
        evaluators=evaluators,
        configurations=configurations,
        repeats=repeats,
        analysis=Analysis(),
        executor=Executor(share=share),
        budget=Budget(),
        prices=prices,
        currency="USD",
        raw={},
        stated_connections=(),
        secrets=(),
    )


JUDGE = Evaluator(
    name="judge",
    flow=FakeFlow(
        described=INTERFACE,
        node_calls=(NodeCall(node="grade", connection="c", model="small", max_tokens=1),),
    ),
    flow_path=Path("j"),
    datasets={"train": EvaluatorDataset(name="train", dataset=None, mappings={})},
)
SCORING = replace(
    JUDGE, flow=FakeFlow(described=FlowInterface(inputs=(), outputs=("score", "tone")))
)


class TestCalls:
    def test_an_upstream_node_runs_once_for_all_that_share_it(self) -> None:
        planned = plan(experiment())
        assert [(each.node, each.naive, each.shared) for each in planned.calls] == [
            ("extract", 1200, 600),
            ("classify", 1200, 1200),
        ]
        assert (planned.naive_calls, planned.shared_calls) == (2400, 1800)

    def test_parameters_of_a_node_split_it_and_what_follows_only(self) -> None:
        temperatures = [
            Configuration(parameters={"classify.temperature": value}) for value in (0, 0.7)
        ]
        planned = plan(experiment(configurations=tuple(temperatures), lines=10))
        assert [each.shared for each in planned.calls] == [10, 20]
        depths = [Configuration(parameters={"init.depth": value}) for value in (1, 2)]
        planned = plan(experiment(configurations=tuple(depths), lines=10))
        assert [each.shared for each in planned.calls] == [20, 20]

    def test_repeats_are_fresh_samples(self) -> None:
        assert plan(experiment(repeats=3)).shared_calls == 5400

    def test_verdicts_are_counted_for_every_configuration(self) -> None:
        planned = plan(experiment(evaluators=(JUDGE,), lines=10))
        judging = planned.calls[-1]
        assert (judging.flow, judging.node) == ("judge", "grade")
        assert (judging.naive, judging.shared) == (60, 60)

    def test_a_judge_that_repeats_is_asked_as_often(self) -> None:
        once, thrice = (
            plan(experiment(evaluators=(replace(JUDGE, repeats=n),), lines=10)).calls[-1]
            for n in (1, 3)
        )
        assert (thrice.naive, thrice.shared) == (180, 180)
        assert thrice.usage.completion_tokens == 3 * once.usage.completion_tokens

    def test_the_limit_is_per_dataset_and_never_adds_lines(self) -> None:
        assert plan(experiment(), limit=5).shared_calls == 45
        assert plan(experiment(lines=3), limit=5).lines == {"train": 3}


class TestEstimates:
    def test_tokens_are_prompt_data_and_answer(self) -> None:
        planned = plan(experiment(configurations=GRID[:1], lines=10))
        assert [each.usage for each in planned.calls] == [
            Usage(prompt_tokens=100, completion_tokens=100),
            Usage(prompt_tokens=200, completion_tokens=2560),
        ]

    def test_cost_is_of_what_will_be_paid(self) -> None:
        shared = plan(experiment()).calls[0].cost
        alone = plan(experiment(share=False)).calls[0].cost
        assert shared == pytest.approx(600 * (10 * 1 + 10 * 2) / 1e6)
        assert alone == pytest.approx(1200 * (10 * 1 + 10 * 2) / 1e6)

    def test_a_price_covers_dated_versions(self) -> None:
        planned = plan(experiment(configurations=GRID[:1], lines=1))
        assert planned.cost == pytest.approx((10 + 10 * 2 + 20 * 10 + 256 * 20) / 1e6)

    def test_one_model_without_a_price_makes_the_whole_unknown(self) -> None:
        planned = plan(experiment(prices={"small": PRICES["small"]}))
        assert planned.calls[0].cost is not None
        assert planned.cost is None


class TestTrials:
    def test_are_configurations_times_datasets_times_repeats(self) -> None:
        planned = plan(experiment(repeats=2))
        assert len({trial.id for trial in planned.trials}) == 12
        assert planned.baseline == GRID[0]

    def test_a_selection_may_leave_the_baseline_out(self) -> None:
        planned = plan(experiment(), select=["extract=b", "classify=y,extract=c"])
        assert planned.configurations == (GRID[2], GRID[3], GRID[5])
        assert planned.baseline is None

    def test_a_selection_must_match(self) -> None:
        with pytest.raises(ConfigError, match="did you mean 'extract=a'"):
            plan(experiment(), select=["extrct=a"])

    def test_a_race_needs_the_baseline(self) -> None:
        racing = Analysis(objective=Objective(metric="score"), racing=Racing())
        with pytest.raises(ConfigError, match="leaves out the baseline"):
            plan(replace(experiment(), analysis=racing), select=["extract=b"])


class TestSensitivity:
    def test_the_family_is_variants_times_datasets_times_metrics(self) -> None:
        analysis = Analysis(
            objective=Objective(metric="judge.score"),
            guardrails=(Guardrail(metric="score"), Guardrail(metric="judge.tone")),
        )
        judged = replace(experiment(evaluators=(SCORING,)), analysis=analysis)
        (found,) = plan(judged).sensitivities
        assert (found.dataset, found.lines, found.tests) == ("train", 200, 5 * 1 * 2)
        assert found.difference is not None
        longer = replace(judged, datasets=(dataset("train", 800),))
        (more,) = plan(longer).sensitivities
        assert more.difference is not None
        assert more.difference < found.difference

    def test_held_out_lines_and_repeats_do_not_count(self) -> None:
        rows = [{"fold": "test" if line % 4 == 0 else "train"} for line in range(200)]
        read = Dataset(path=Path("train"), label="train", read=lambda _: iter(rows))
        used = RunDataset(name="train", dataset=read, mappings={})
        analysis = Analysis(holdout=Split(column="fold", values=("test",)))
        whole = replace(experiment(repeats=3), analysis=analysis, datasets=(used,))
        assert [each.lines for each in plan(whole).sensitivities] == [150]
        assert [each.lines for each in plan(whole, limit=40).sensitivities] == [30]

    def test_few_lines_show_nothing(self) -> None:
        (found,) = plan(experiment(lines=3)).sensitivities
        assert found.difference is None

    def test_nothing_is_shown_without_the_baseline_or_alone(self) -> None:
        assert plan(experiment(configurations=GRID[:1])).sensitivities == ()
        assert plan(experiment(), select=["extract=b"]).sensitivities == ()


class TestModels:
    def test_the_connection_says_which_model_answers(self) -> None:
        models = {
            (named, connection.connection_type): plan(
                replace(
                    experiment(calls=(replace(EXTRACT, model=named),)), connections=(connection,)
                )
            ).calls[0]
            for named in ("", "small")
            for connection in (
                EmbeddedConnection(name="c", connection_type="embedded"),
                OpenAIConnection(name="c", connection_type="OpenAIConnection", model="large"),
            )
        }
        assert {key: each.model for key, each in models.items()} == {
            ("", "embedded"): "smollm2-135m",
            ("small", "embedded"): "smollm2-135m",
            ("", "OpenAIConnection"): "large",
            ("small", "OpenAIConnection"): "small",
        }
        assert models["", "OpenAIConnection"].cost is not None
        assert models["", "embedded"].cost is None
